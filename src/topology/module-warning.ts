// Node warns in two lines of its own where it takes a module for CommonJS; our error says it in one.
// While a module is imported, that warning goes to nobody; every other goes where it did.

type Listener = (warning: Error) => void

const NEEDLESS = /set "type": "module" in the /
let imports = 0
let listeners: Listener[] = []

/** Imports something without that warning. */
export async function withoutModuleWarning<Module>(load: () => Promise<Module>): Promise<Module> {
  if (imports++ === 0) {
    listeners = process.listeners('warning')
    process.removeAllListeners('warning').on('warning', forward)
  }
  try {
    return await load()
  } finally {
    if (--imports === 0) {
      process.off('warning', forward)
      for (const listener of listeners) process.on('warning', listener)
    }
  }
}

function forward(warning: Error): void {
  if (NEEDLESS.test(warning.message)) return
  for (const listener of listeners) listener.call(process, warning)
}
