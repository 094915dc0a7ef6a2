// The live page's graph: actors as boxes by thread, mailboxes as arrows that end in a bar of how full they are. On a wide screen it
// runs from left to right, on a narrow one from top to bottom. Runs in the browser; text is set as text only.

export const PAGE_GRAPH = `
const SVG = 'http://www.w3.org/2000/svg'
const BOX_W = 186, BOX_H = 88, BAR = 34, FULL = 0.8

function svgOf(parent, tag, attributes, text) {
  const made = document.createElementNS(SVG, tag)
  for (const name in attributes) made.setAttribute(name, attributes[name])
  if (text !== undefined) made.textContent = text
  parent.append(made)
  return made
}

/* Which column (or, on a narrow screen, row) each actor is in. */
function levelsOf(actors) {
  const stages = new Set(actors.filter((a) => a.kind === 'mapper').map((a) => a.level)).size
  const forwarder = actors.some((a) => a.kind === 'forwarder') ? 1 : 0
  const level = (a) =>
    a.kind === 'reader' ? 0
    : a.kind === 'mapper' ? 1 + a.level
    : a.kind === 'forwarder' ? 1 + stages
    : 1 + stages + forwarder + (a.role === 'sink' ? 0 : 1)
  const levels = []
  for (const actor of actors) (levels[level(actor)] ??= []).push(actor)
  return levels.filter((each) => each !== undefined)
}

function placesOf(actors, isTall) {
  const levels = levelsOf(actors)
  const most = Math.max(...levels.map((each) => each.length))
  const across = isTall ? BOX_W + 24 : BOX_H + 40
  const along = isTall ? BOX_H + 62 : BOX_W + 96
  const places = new Map()
  levels.forEach((level, i) => level.forEach((actor, k) => {
    const a = 26 + (k + (most - level.length) / 2) * across
    const b = 30 + i * along
    places.set(actor.name, isTall ? { x: a - 8, y: b } : { x: b - 12, y: a })
  }))
  const wide = 26 + most * across, long = 30 + levels.length * along - (isTall ? 62 : 96) + 22
  return { places, width: isTall ? wide + 34 : long, height: isTall ? long : wide + 26 }
}

function drawFrames(svg, snapshot, places) {
  return snapshot.threads.map(({ thread }) => {
    const own = snapshot.actors.filter((a) => a.thread === thread).map((a) => places.get(a.name))
    if (own.length === 0) return () => {}
    const x = Math.min(...own.map((p) => p.x)) - 9, y = Math.min(...own.map((p) => p.y)) - 21
    const width = Math.max(...own.map((p) => p.x)) + BOX_W + 9 - x
    const height = Math.max(...own.map((p) => p.y)) + BOX_H + 9 - y
    const frame = svgOf(svg, 'rect', { class: 'frame', x, y, width, height })
    const label = svgOf(svg, 'text', { class: 'thread', x: x + 10, y: y + 15 })
    return (now) => {
      const view = now.threads.find((t) => t.thread === thread)
      const down = view?.isDown ? ' down' : ''
      frame.setAttribute('class', 'frame' + down)
      label.setAttribute('class', 'thread' + down)
      const restarts = view && view.restarts > 0 ? ', restarts ' + view.restarts : ''
      label.textContent = 'thread ' + thread + restarts + (down && ', down')
    }
  })
}

/* Where an arrow leaves and where its bar is; arrows that lead back run around the outside. */
function routeOf(from, to, i, count, isTall, size) {
  const share = (i + 1) / (count + 1)
  const isBack = isTall ? to.y < from.y : to.x < from.x
  if (isBack && !isTall) {
    const x = to.x + BOX_W * (0.25 + 0.6 * share) - BAR / 2, y = to.y + BOX_H, deep = size.height - 8
    const mid = x + BAR / 2, out = from.x + BOX_W / 2
    return { isBack, x, y: y + 2, d: 'M' + out + ' ' + (from.y + BOX_H) + 'V' + deep + 'H' + mid + 'V' + (y + 11) }
  }
  if (isBack) {
    const x = to.x + BOX_W, y = to.y + BOX_H * share - 4, far = size.width - 8
    return { isBack, x: x + 2, y, d: 'M' + (from.x + BOX_W) + ' ' + (from.y + BOX_H / 2) + 'H' + far + 'V' + (y + 4) + 'H' + (x + 2 + BAR) }
  }
  if (isTall) {
    const x = to.x + BOX_W * share, y = to.y - 25, ax = from.x + BOX_W / 2, ay = from.y + BOX_H, my = (ay + y) / 2
    return { x: x - BAR / 2, y, d: 'M' + ax + ' ' + ay + 'C' + ax + ' ' + my + ' ' + x + ' ' + my + ' ' + x + ' ' + y }
  }
  /* Next to each other in one column: around the side. */
  const y = to.y + BOX_H * share, x = to.x - BAR - 2, ax = from.x + BOX_W, ay = from.y + BOX_H / 2, mx = (ax + x) / 2
  return { x, y: y - 4, d: 'M' + ax + ' ' + ay + 'C' + mx + ' ' + ay + ' ' + mx + ' ' + y + ' ' + x + ' ' + y }
}

function drawMailboxes(svg, snapshot, places, isTall, size) {
  return snapshot.mailboxes.map((mailbox, number) => {
    const { from, to } = mailbox
    const siblings = snapshot.mailboxes.filter((m) => m.to === to && m.from !== to)
    const a = places.get(from), b = places.get(to)
    if (from === to || !a || !b) return () => {}
    const route = routeOf(a, b, siblings.indexOf(mailbox), siblings.length, isTall, size)
    const path = svgOf(svg, 'path', { class: 'arrow', d: route.d })
    svgOf(svg, 'rect', { class: 'trough', x: route.x, y: route.y, width: BAR, height: 8 })
    const level = svgOf(svg, 'rect', { class: 'level', x: route.x + 1, y: route.y + 1, width: 0, height: 6 })
    const percent = svgOf(svg, 'text', { class: 'percent', x: route.x + BAR / 2, y: route.y - 3, 'text-anchor': 'middle' })
    const title = svgOf(path, 'title', {})
    return (now) => {
      const { usedBytes, capacityBytes } = now.mailboxes[number]
      const used = usedBytes / capacityBytes, full = used >= FULL ? ' full' : ''
      level.setAttribute('width', String(Math.round((BAR - 2) * Math.min(1, used) * 10) / 10))
      level.setAttribute('class', 'level' + full)
      path.setAttribute('class', 'arrow' + (route.isBack ? ' back' : '') + full)
      percent.textContent = full ? Math.round(100 * used) + ' %' : ''
      title.textContent = from + ' to ' + to + ': ' + Math.round(100 * used) + ' % full'
    }
  })
}

function drawBoxes(svg, snapshot, places) {
  return snapshot.actors.map((actor, number) => {
    const { x, y } = places.get(actor.name)
    const group = svgOf(svg, 'g', {})
    const box = svgOf(group, 'rect', { class: 'box', x, y, width: BOX_W, height: BOX_H })
    const line = (dy, style, text) => svgOf(group, 'text', { class: style, x: x + 10, y: y + dy }, text)
    line(18, 'title', actor.name.length > 22 ? actor.name.slice(0, 21) + '…' : actor.name)
    const rate = line(39, 'rate'), times = line(58, 'soft'), counts = line(76, 'soft')
    const title = svgOf(group, 'title', {})
    return (now) => {
      const view = now.actors[number]
      const trouble = troubleOf(view)
      box.setAttribute('class', 'box ' + trouble)
      rate.textContent = rateText(mainRate(view)) + '/s'
      times.textContent = view.kind === 'forwarder' ? 'routes' : 'p50 ' + timeText(view.latencyMs.p50) + ' · p99 ' + timeText(view.latencyMs.p99)
      counts.textContent = countsText(view, trouble) + waitingText(view, now)
      counts.setAttribute('class', trouble === '' ? 'soft' : trouble + '-text')
      title.textContent = actor.name + branchText(actor) + (view.lastError ? ': ' + view.lastError.message : '')
    }
  })
}

function branchText({ when }) {
  return when === undefined ? '' : ', takes ' + (when === null ? 'all else' : 'tags ' + JSON.stringify(when))
}

function countsText({ kind, rates, counts }, trouble) {
  if (trouble !== '') return 'failed ' + rateText(rates.failed ?? 0) + '/s'
  return kind === 'forwarder' ? '' : 'in hand ' + countText(counts.inFlight ?? 0)
}

/* What waits for a retry lies in a mailbox from the actor to itself. */
function waitingText(view, now) {
  const own = now.mailboxes.find((m) => m.from === view.name && m.to === view.name)
  const share = own === undefined ? 0 : own.usedBytes / own.capacityBytes
  return share >= 0.005 ? ', parked ' + Math.round(100 * share) + ' %' : ''
}

function drawGraph(svg, snapshot, isTall) {
  svg.replaceChildren()
  const { places, ...size } = placesOf(snapshot.actors, isTall)
  svg.setAttribute('viewBox', '0 0 ' + size.width + ' ' + size.height)
  /* It shrinks as far as it can still be read, and scrolls where that is not enough. */
  svg.style.width = '100%'
  svg.style.maxWidth = size.width + 'px'
  svg.style.minWidth = Math.round(size.width * 0.7) + 'px'
  const updates = [
    ...drawFrames(svg, snapshot, places),
    ...drawMailboxes(svg, snapshot, places, isTall, size),
    ...drawBoxes(svg, snapshot, places),
  ]
  return (now) => updates.forEach((update) => update(now))
}
`
