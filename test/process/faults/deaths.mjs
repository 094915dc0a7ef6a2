// Whether the deaths that were planned took place. One that begins may be forestalled: another ends its thread first.

/**
 * @param {import('./ledger.mjs').Event[]} events `begun` and `death`, each with stage thread, thread id, message and way
 * @param {[number, string][]} planned message and way
 */
export function deathProblems(events, planned) {
  const toldAs = (word) => events.filter((event) => event.word === word).map(({ more }) => deathOf(more))
  const begun = toldAs('begun')
  const deaths = toldAs('death')
  const named = (list) => list.map(({ id, way }) => `${id} ${way}`).sort()
  const wanted = named(planned.map(([id, way]) => ({ id, way })))
  const problems = []
  if (named(begun).join() !== wanted.join()) {
    problems.push(`deaths that began: ${named(begun).join(', ') || 'none'}; wanted: ${wanted.join(', ')}`)
  }
  const isDead = ({ id, thread }) => deaths.some((death) => death.id === id || death.thread === thread)
  const alive = begun.filter((each) => !isDead(each))
  if (alive.length > 0) problems.push(`began to die, and nobody died: ${named(alive).join(', ')}`)
  return problems
}

function deathOf(more) {
  const [stageThread, threadId, id, way] = more.split(' ')
  return { thread: `${stageThread} ${threadId}`, id: Number(id), way }
}
