// What tests read of a Markdown document: fenced blocks, tables, links and headings.

export type Block = {
  language: string
  /** Name of the file that it is, where its first line is `// name.mjs`. */
  file: string | undefined
  text: string
}

/** Gives the fenced blocks, in their order. */
export function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({
    language,
    file: /^\/\/ ([\w.-]+\.m[jt]s)\n/.exec(text)?.[1],
    text,
  }))
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
