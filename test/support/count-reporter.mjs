// A reporter of vitest that ends the output with what failed, a line each, and one line: `N passed, N failed`. Named by the test
// script in package.json.
// What fails outside of a test (a file that cannot be loaded, an error that nobody catches) counts as failed.

export default class CountReporter {
  onTestRunEnd(modules, unhandledErrors) {
    let passed = 0
    let failed = unhandledErrors.length
    const names = []
    for (const module of modules) {
      let failedHere = 0
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed') passed++
        if (state !== 'failed') continue
        failedHere++
        names.push(`${module.relativeModuleId}: ${test.fullName}`)
      }
      // A file that cannot be loaded, a hook that throws.
      if (failedHere === 0 && !module.ok()) {
        failedHere = 1
        names.push(module.relativeModuleId)
      }
      failed += failedHere
    }
    // After everything that other reporters say.
    const lines = [...names.map((name) => `failed: ${name}`), `${passed} passed, ${failed} failed`]
    process.once('exit', () => process.stdout.write(lines.map((line) => `${line}\n`).join('')))
  }
}
