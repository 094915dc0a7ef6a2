// What comes from elsewhere, as a terminal may show it: it is one line, shows what is in it, and steers nothing.

/** Escapes what would steer a terminal. What was JSON is the same JSON. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, (char) => {
    if (char === '\n') return '\\n'
    if (char === '\t') return '\\t'
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
