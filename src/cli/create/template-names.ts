// The templates of `create`.

export const TEMPLATES = [
  { name: 'lines', what: 'the lines of a file' },
  { name: 'http', what: 'a webhook' },
  { name: 'custom', what: 'a source of your own' },
] as const

export type Template = (typeof TEMPLATES)[number]['name']
