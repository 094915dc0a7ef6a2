// The live page as text: what it may do is what its policy says, and it does nothing that could make text into markup.
// What it looks like is seen in test/browser.

import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Script } from 'node:vm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Exchange } from '../../../src/admin/exchange.js'
import { answerPage } from '../../../src/admin/page/page-route.js'
import { type Answered, ask } from '../../support/ask.js'

let page: Answered
const server = createServer((request, response) =>
  answerPage({ request, response, isHead: false } as unknown as Exchange),
)

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  page = await ask(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
})
afterAll(() => void server.close())

function partsOf(tag: string): string[] {
  return [...page.text.matchAll(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`, 'g'))].map(([, text]) => text)
}

it('allows the one script and the one style that are in it, and nothing else', () => {
  const policy = page.headers['content-security-policy'] ?? ''
  for (const [tag, directive] of [
    ['script', 'script-src'],
    ['style', 'style-src'],
  ]) {
    const parts = partsOf(tag)
    expect(parts).toHaveLength(1)
    const hash = createHash('sha256').update(parts[0]).digest('base64')
    expect(policy.split('; ')).toContain(`${directive} 'sha256-${hash}'`)
  }
  expect(policy).toContain("default-src 'none'")
  expect(policy).not.toMatch(/unsafe|\*|https?:/)
})

it('has no attribute that the policy forbids, and no address of anybody', () => {
  const markup = page.text.replace(/<(script|style)>[\s\S]*?<\/\1>/g, '')
  expect(markup).not.toMatch(/ (style|on\w+)=/)
  expect(page.text.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/(https?:)?\/\/\w+\./)
})

it('makes no markup of text, and is a script', () => {
  const [script] = partsOf('script')
  expect(script).not.toMatch(
    /innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|Function\(|DOMParser/,
  )
  expect(() => new Script(script)).not.toThrow()
})
