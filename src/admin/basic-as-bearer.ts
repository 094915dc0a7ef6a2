// Browsers cannot be told to send a bearer token, but they ask for a password: the token as the password means the same.

/** Gives an Authorization header as one of a bearer token. */
export function basicAsBearer(header: string | undefined): string | undefined {
  const basic = /^basic +([\w+/=-]+) *$/i.exec(header ?? '')?.[1]
  if (basic === undefined) return header
  const pair = Buffer.from(basic, 'base64').toString('utf8')
  return `Bearer ${pair.slice(pair.indexOf(':') + 1)}`
}
