// What must not leave: the fields of a JSON text that have one of the given names, wherever they are. It reads as much of the text
// as there is, for a tap cuts it, and shows nothing of what it cannot read: a text that is no JSON is hidden as a whole.

/** In place of what is not shown. */
export const REDACTED = '[redacted]'

/** Headers that are never shown. */
const SECRET_HEADER = /authorization|cookie|token|secret|password|key/i

/** Tells whether the value of a header is not shown: by its name, or since the client says so. `names` are in lower case. */
export function isSecretHeader(name: string, names: ReadonlySet<string>): boolean {
  return SECRET_HEADER.test(name) || names.has(name.toLowerCase())
}

/**
 * Gives a JSON text with the fields of these names (in lower case) replaced; undefined where it is none. `isCut`: its end is missing,
 * and so it may end anywhere. A text within the JSON in which one of the names occurs, or may, is replaced, too: it may be JSON itself.
 */
export function redactJson(text: string, names: ReadonlySet<string>, isCut: boolean): string | undefined {
  return new Redactor(text, names, isCut).redact()
}

const SPACE = /[ \t\n\r]*/y
/** Without the quote at its end, so that one which is cut matches, too. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON has none in its texts
const STRING = /"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*/y
const SCALAR = /[-+.\da-zA-Z]+/y
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const NUMBER_CUT = /^-?\d*\.?\d*(?:[eE][+-]?\d*)?$/
const WORDS = ['true', 'false', 'null']

/** The text ends here, though what it holds does not. */
class Cut extends Error {}
class NoJson extends Error {}

/** What may come next. */
type Expected = 'value' | 'field' | 'more' | 'end'

class Redactor {
  private readonly text: string
  private readonly names: ReadonlySet<string>
  private readonly isCut: boolean
  private at = 0
  private out = ''
  /** Where what is copied next begins. */
  private from = 0
  /** What closes the lists and objects that are open. A stack, as whoever sends a message decides how deep it is. */
  private readonly open: ('}' | ']')[] = []
  /** How many of them are around a value that is being left out; -1 while none is. */
  private hiddenDepth = -1

  constructor(text: string, names: ReadonlySet<string>, isCut: boolean) {
    this.text = text
    this.names = names
    this.isCut = isCut
  }

  redact(): string | undefined {
    let expected: Expected = 'value'
    try {
      while (expected !== 'end') expected = this[expected]()
    } catch (error) {
      if (!(error instanceof Cut && this.isCut)) return undefined
    }
    return this.hiddenDepth < 0 ? this.out + this.text.slice(this.from) : this.out
  }

  value(): Expected {
    const first = this.peek()
    if (first === '{' || first === '[') {
      this.at++
      this.open.push(first === '{' ? '}' : ']')
      if (this.peek() === this.innermost) return this.close()
      return first === '{' ? 'field' : 'value'
    }
    if (first === '"') this.textValue()
    else this.scalar()
    return this.valueOver()
  }

  field(): Expected {
    this.peek()
    const { text, isWhole } = this.string()
    if (!isWhole || this.peek() !== ':') throw this.isAtEnd ? new Cut() : new NoJson()
    this.at++
    if (this.hiddenDepth >= 0 || !this.names.has(text.toLowerCase())) return 'value'
    this.peek()
    this.replaceFrom(this.at)
    this.hiddenDepth = this.open.length
    return 'value'
  }

  more(): Expected {
    if (this.innermost === undefined) {
      this.skip(SPACE)
      if (this.isAtEnd) return 'end'
      throw new NoJson()
    }
    const mark = this.peek()
    if (mark === this.innermost) return this.close()
    if (mark !== ',') throw new NoJson()
    this.at++
    return this.innermost === '}' ? 'field' : 'value'
  }

  private close(): Expected {
    this.at++
    this.open.pop()
    return this.valueOver()
  }

  private valueOver(): Expected {
    if (this.hiddenDepth === this.open.length) {
      this.hiddenDepth = -1
      this.from = this.at
    }
    return 'more'
  }

  private textValue(): void {
    const start = this.at
    const { text } = this.string()
    const found = text.toLowerCase()
    const mayHold = found.includes('\\u') || [...this.names].some((name) => found.includes(name))
    if (this.hiddenDepth >= 0 || !mayHold) return
    this.replaceFrom(start)
    this.from = this.at
  }

  private scalar(): void {
    const found = this.skip(SCALAR)
    const mayGoOn = this.isCut && this.isAtEnd
    if (WORDS.some((word) => word === found || (mayGoOn && word.startsWith(found) && found !== ''))) return
    if (!NUMBER.test(found) && !(mayGoOn && NUMBER_CUT.test(found))) throw new NoJson()
  }

  /** Shows what is not shown yet, and the mark in place of what comes. */
  private replaceFrom(start: number): void {
    this.out += `${this.text.slice(this.from, start)}"${REDACTED}"`
  }

  /** Gives a text; one that is not whole is the last thing there is. */
  private string(): { text: string; isWhole: boolean } {
    const found = this.skip(STRING)
    if (found === '') throw new NoJson()
    const isWhole = this.text[this.at] === '"'
    if (isWhole) this.at++
    // What follows is an escape that is cut.
    else if (this.isCut && /^(?:\\(?:u[\da-fA-F]{0,3})?)?$/.test(this.text.slice(this.at)))
      this.at = this.text.length
    else throw new NoJson()
    return { text: JSON.parse(`${found}"`) as string, isWhole }
  }

  private get innermost(): '}' | ']' | undefined {
    return this.open[this.open.length - 1]
  }

  private get isAtEnd(): boolean {
    return this.at >= this.text.length
  }

  /** Gives the next character that is no space, and goes there. */
  private peek(): string {
    this.skip(SPACE)
    if (this.isAtEnd) throw new Cut()
    return this.text[this.at]
  }

  private skip(pattern: RegExp): string {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)?.[0] ?? ''
    this.at += found.length
    return found
  }
}
