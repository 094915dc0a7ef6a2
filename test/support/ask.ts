// One HTTP request, with any header, a deadline, and the whole answer.

import { request } from 'node:http'

export type Answered = {
  status: number
  headers: Record<string, string | undefined>
  body: Buffer
  text: string
}

/** Sends it; rejects where the connection breaks, or nothing came for 10 s. */
export function ask(
  url: string,
  options: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent: false, timeout: 10_000, ...options }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const body = Buffer.concat(chunks)
        const headers = response.headers as Record<string, string | undefined>
        resolve({ status: response.statusCode ?? 0, headers, body, text: body.toString('utf8') })
      })
    })
    sent.on('timeout', () => sent.destroy(new Error(`${url}: nothing came for 10 s`)))
    sent.on('error', reject)
    sent.end()
  })
}
