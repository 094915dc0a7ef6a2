// What a thread of a topology begins with. While the main thread is busy with the topology it has nothing to do: so it already
// loads the package, which the topology's module is going to import.

import './index.js'

export { default } from './topology/thread.js'
