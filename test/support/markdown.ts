// What tests read of a Markdown document: fenced blocks, tables, links and headings.

export type Block = {
  language: string
  /** Path of the file that it is, where its first line is `// name.mjs` or `# name.yaml`. */
  file: string | undefined
  text: string
  /** Where its text begins in the document, from 1. */
  line: number
}

const FILE = /^(?:\/\/|#) ([\w./-]+\.(?:[mc]?[jt]s|ya?ml|service)|Dockerfile|\.dockerignore)\n/
/** Code that is quoted: no file of ours. */
const QUOTED = ['javascript', 'typescript']

/** Gives the fenced blocks, in their order. */
export function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\w*)[^\n]*\n([\s\S]*?)^```$/gm)].map(
    ({ index, 1: language, 2: text }) => ({
      language,
      file: QUOTED.includes(language) ? undefined : FILE.exec(text)?.[1],
      text,
      line: markdown.slice(0, index).split('\n').length + 1,
    }),
  )
}

/** Gives the rows of all tables as lists of cells, without the lines under their heads. */
export function rowsOf(markdown: string): string[][] {
  return proseOf(markdown)
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|[-|: ]+\|$/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    )
}

/** Gives the targets of all links. */
export function linksOf(markdown: string): string[] {
  return [...proseOf(markdown).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target)
}

/** Gives the names by which a link can lead to a heading. */
export function anchorsOf(markdown: string): string[] {
  return [...proseOf(markdown).matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

function proseOf(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```$/gm, '')
}
