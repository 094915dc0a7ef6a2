// What topologies, map stages and sinks may be called.

export const NAME_PATTERN = /^[A-Za-z0-9_.-]{1,128}$/
export const NAME_WANTED = 'letters, digits, "-", "_" and ".", at most 128'
