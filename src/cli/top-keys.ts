// The keys that end `millrace top`: q, and Ctrl-C, which is no signal while the terminal gives us each key.

/** Of process.stdin. */
export type Keyboard = Pick<NodeJS.ReadStream, 'on' | 'off' | 'resume' | 'pause'> & {
  readonly isTTY?: boolean
  setRawMode?(isRaw: boolean): unknown
}

const LEAVING = ['q', 'Q', '\x03', '\x04']

/** Calls back when one of them is pressed. Gives a function that gives the keyboard back; where there is none, both do nothing. */
export function listenForKeys(keyboard: Keyboard, leave: () => void): () => void {
  if (keyboard.isTTY !== true || keyboard.setRawMode === undefined) return () => {}
  const pressed = (keys: Buffer) => {
    if (LEAVING.some((key) => keys.includes(key))) leave()
  }
  keyboard.setRawMode(true)
  keyboard.on('data', pressed).resume()
  return () => {
    keyboard.off('data', pressed)
    keyboard.setRawMode?.(false)
    keyboard.pause()
  }
}
