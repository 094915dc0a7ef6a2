// A condition for `until`: a ledger has not grown for a while.

/**
 * @param {import('./scene.mjs').Scene} scene
 * @param {string} name of the ledger
 * @param {number} forMs
 */
export function still(scene, name, forMs) {
  let size = -1
  let sinceMs = 0
  return () => {
    if (scene.sizeOf(name) !== size) {
      size = scene.sizeOf(name)
      sinceMs = performance.now()
    }
    return performance.now() - sinceMs > forMs
  }
}
