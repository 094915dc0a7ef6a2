import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // What was built runs as it is: threads load it again, untransformed.
    server: { deps: { external: [/\/dist\//] } },
  },
})
