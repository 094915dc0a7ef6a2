// node:cluster: processes that each are the bare node:http, on one port.

import cluster from 'node:cluster'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { cpuMicrosOf } from '../beside.mjs'

const children = []

export async function serve(processes) {
  cluster.setupPrimary({ exec: fileURLToPath(new URL('../workers/serve-cluster.mjs', import.meta.url)) })
  const workers = Array.from({ length: processes }, () => cluster.fork())
  const addresses = await Promise.all(workers.map((worker) => once(worker, 'listening')))
  children.push(...workers.map((worker) => worker.process))
  return addresses[0][0].port
}

export const cpuMicrosBeside = () => cpuMicrosOf(children)
