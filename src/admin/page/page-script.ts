// What the live page does: takes a snapshot a second, shows it, says when nobody answers, and asks again. Runs in the browser.

import { PAGE_GRAPH } from './page-graph.js'
import { PAGE_TEXTS } from './page-texts.js'

const LIVE = `
const HISTORY = 120
const at = (id) => document.getElementById(id)
const narrow = matchMedia('(max-width: 46rem)')
let shown, drawnFor = '', updateGraph = () => {}, isPaused = false, isGone = false, acked = []

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text
}

function show(snapshot) {
  if (shown === undefined || shown.startedAt !== snapshot.startedAt) acked = []
  shown = snapshot
  acked.push(snapshot.rates.acked)
  if (acked.length > HISTORY) acked.shift()
  draw()
}

function draw() {
  document.title = shown.name + ' · ' + stateText()
  setText(at('name'), shown.name)
  setText(at('state'), stateText())
  at('state').className = 'badge ' + (isGone || isTroubled() ? 'gone' : shown.state)
  setText(at('uptime'), 'for ' + timeText(shown.progress.elapsedMs))
  at('main').classList.toggle('stale', isGone)
  const { text, style } = bannerOf(shown, isGone)
  setText(at('banner'), text)
  at('banner').className = style
  drawFigures()
  drawHistory()
  const plan = JSON.stringify([shown.startedAt, narrow.matches, shown.actors.map((a) => [a.name, a.thread])])
  if (plan !== drawnFor) updateGraph = drawGraph(at('graph'), shown, narrow.matches)
  drawnFor = plan
  updateGraph(shown)
  fill(at('actors'), shown.actors.map(actorRow))
  fill(at('mailboxes'), shown.mailboxes.map(mailboxRow))
}

function stateText() {
  if (isGone) return shown.state === 'stopped' || shown.state === 'failed' ? shown.state : 'gone'
  if (isPaused) return 'paused'
  return isTroubled() ? 'not ready' : shown.state
}

function isTroubled() {
  return shown.state === 'running' && !shown.ready
}

function drawFigures() {
  const rows = figuresOf(shown)
  const list = at('figures')
  while (list.children.length > rows.length) list.lastChild.remove()
  rows.forEach(([name, value, style], i) => {
    if (list.children[i] === undefined) {
      const pair = document.createElement('div')
      pair.append(document.createElement('dt'), document.createElement('dd'))
      list.append(pair)
    }
    const [term, text] = list.children[i].children
    setText(term, name)
    setText(text, value)
    text.className = style ?? ''
  })
}

function drawHistory() {
  const most = Math.max(1, ...acked)
  const step = 240 / Math.max(30, acked.length - 1)
  const points = acked.map((rate, i) => (240 - step * (acked.length - 1 - i)).toFixed(1) + ',' + (45 - (42 * rate) / most).toFixed(1))
  at('history').firstChild.setAttribute('points', points.join(' '))
  setText(at('history-text'), 'acked per second, the last two minutes; most ' + rateText(most))
}

function fill(body, rows) {
  while (body.children.length > rows.length) body.lastChild.remove()
  rows.forEach((cells, i) => {
    const row = body.children[i] ?? body.insertRow()
    cells.forEach(([text, style], k) => {
      const cell = row.cells[k] ?? row.insertCell()
      setText(cell, text)
      cell.className = style ?? ''
    })
  })
}

function gone() {
  isGone = true
  if (shown !== undefined) draw()
  else setText(at('banner'), 'Nobody answers. Trying again.')
}

function connect() {
  const events = new EventSource('/events')
  events.onmessage = ({ data }) => {
    isGone = false
    if (!isPaused) show(JSON.parse(data))
  }
  events.onerror = () => {
    gone()
    /* After an answer that is no stream the browser does not ask again by itself. */
    if (events.readyState === EventSource.CLOSED) setTimeout(connect, 2000)
  }
}

at('pause').addEventListener('click', () => {
  isPaused = !isPaused
  at('pause').setAttribute('aria-pressed', String(isPaused))
  setText(at('pause'), isPaused ? 'Go on' : 'Pause')
  if (shown !== undefined) draw()
})
narrow.addEventListener('change', () => shown !== undefined && draw())
connect()
`

export const PAGE_SCRIPT = `'use strict'\n${PAGE_TEXTS}${PAGE_GRAPH}${LIVE}`
