// The file of a module: is it there, what is it called in messages, and what else was probably meant.

import { readdirSync, readlinkSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, dirname, extname, isAbsolute, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MillraceError, messageOf } from '../kernel/failure.js'
import { nearest } from '../kernel/nearest.js'

/** Throws ERR_MODULE where a `file:` URL names no readable file; other URLs pass. */
export async function checkFile(url: URL): Promise<void> {
  if (url.protocol !== 'file:') return
  const path = pathOf(url)
  const place = pathText(path)
  let isDirectory: boolean
  try {
    isDirectory = (await stat(path)).isDirectory()
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT')
      throw new MillraceError('ERR_MODULE', `module ${place}: ${messageOf(error)}`)
    throw new MillraceError('ERR_MODULE', `module ${place}: ${missing(path)}${didYouMean(path)}`)
  }
  if (isDirectory)
    throw new MillraceError('ERR_MODULE', `module ${place}: a directory, wanted a module file${inside(path)}`)
}

/** Gives `; did you mean …?` for a path that is not there, or an empty text. */
export function didYouMean(path: string): string {
  const directory = dirname(path)
  const wanted = basename(path)
  // It may be there itself, as a link to nothing.
  const names = namesIn(directory)?.filter((name) => name !== wanted)
  if (names === undefined) return ` (and no directory ${pathText(directory)})`
  const sameStem = names.find((name) => basename(name, extname(name)) === basename(wanted, extname(wanted)))
  const meant = sameStem ?? nearest(wanted, names)
  return meant === undefined ? '' : `; did you mean ${pathText(join(directory, meant))}?`
}

/** How a module is called in messages: its path from the working directory, where it lies below it. */
export function placeText(url: URL): string {
  return url.protocol === 'file:' ? pathText(fileURLToPath(url)) : `${url.protocol}…`
}

/** Gives a path as from the working directory, where it lies below it. */
export function pathText(path: string): string {
  const fromHere = relative(process.cwd(), path)
  return fromHere === '' || fromHere.startsWith('..') || isAbsolute(fromHere) ? path : fromHere
}

function missing(path: string): string {
  try {
    return `a link to ${readlinkSync(path)}, which is not there`
  } catch {
    return 'no such file'
  }
}

// A file: URL with a host, or with an encoded slash, is no path.
function pathOf(url: URL): string {
  try {
    return fileURLToPath(url)
  } catch (error) {
    throw new MillraceError('ERR_MODULE', `module ${url.href}: ${messageOf(error)}`)
  }
}

function inside(directory: string): string {
  const name = namesIn(directory)?.find((each) => /^topology\.[cm]?[jt]s$/.test(each))
  return name === undefined ? '' : `; did you mean ${pathText(join(directory, name))}?`
}

function namesIn(directory: string): string[] | undefined {
  try {
    return readdirSync(directory)
  } catch {
    return undefined
  }
}
