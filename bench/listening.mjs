// Starts a topology that takes requests.

/** Gives the port once it listens: the log says it. With `threads` 0 all is in one loop; else the topology knows its own number. */
export async function startListening(topology, threads) {
  const { start } = await import(process.env.MILLRACE_BENCH_PACKAGE)
  return await new Promise((resolve, reject) => {
    const log = ({ message }) => {
      const port = /:\/\/[^/]*:(\d+)\//.exec(message)?.[1]
      if (port !== undefined) resolve(Number(port))
    }
    start(topology, { log, ...(threads === 0 && { threads }) }).catch(reject)
  })
}
