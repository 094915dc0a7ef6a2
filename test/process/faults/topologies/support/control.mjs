// What the harness switches while a topology runs: a file is there, or it is not.

import { existsSync } from 'node:fs'
import { pathOf } from './parameters.mjs'

export const isOn = (name) => existsSync(pathOf(name))
