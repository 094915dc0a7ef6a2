// What a thread of a topology begins with. While the main thread is busy with the topology it has nothing to do: so it already
// loads the package, which the topology's module is going to import.
// CommonJS, as the pool tries `require` first: Node 20 aborts the process where it exits while a thread requires an ES module.

module.exports = Promise.all([import('./topology/thread.js'), import('./index.js')]).then(
  ([{ default: run }]) => run,
)
