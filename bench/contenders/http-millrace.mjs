// http → map → a sink that answers, each on a thread of its own; or, with no threads, all in one loop.

export async function serve(threads) {
  const { start } = await import(process.env.MILLRACE_BENCH_PACKAGE)
  let said
  const port = new Promise((resolve) => {
    said = ({ message }) => resolve(Number(/:(\d+)\//.exec(message)[1]))
  })
  const topology = new URL('../topologies/http-echo.mjs', import.meta.url)
  await start(topology, { log: (record) => said(record), ...(threads === 0 && { threads }) })
  return await port
}
