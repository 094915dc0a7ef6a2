// What a thread of a topology begins with. While the main thread is busy with the topology it has nothing to do: so it already
// loads the package, which the topology's module is going to import; but not before a loader that would change it.
// CommonJS, as the pool tries `require` first: Node 20 aborts the process where it exits while a thread requires an ES module.

const thread = import('./topology/thread.js')
const more = import('./topology/typescript-loader.js').then(({ givenLoader }) =>
  givenLoader() === undefined ? import('./index.js') : undefined,
)
module.exports = Promise.all([thread, more]).then(([{ default: run }]) => run)
