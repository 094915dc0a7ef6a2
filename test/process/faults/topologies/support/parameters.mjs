// What the harness wants of a topology: a folder, and numbers.

import { join } from 'node:path'

/** @type {Record<string, any>} */
export const parameters = JSON.parse(process.env.FAULT ?? '{}')

export const pathOf = (name) => join(parameters.folder, name)
