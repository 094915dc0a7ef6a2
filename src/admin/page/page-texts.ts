// What the live page says in words and figures. Runs in the browser.

export const PAGE_TEXTS = String.raw`
function countText(count) {
  return Math.round(count).toLocaleString('en-US')
}

function rateText(rate) {
  if (rate >= 999500) return (rate / 1e6).toFixed(2) + ' M'
  if (rate >= 9995) return (rate / 1e3).toFixed(1) + ' k'
  return rate >= 100 || rate === 0 ? countText(rate) : rate.toFixed(1)
}

function timeText(ms) {
  if (ms === 0) return '–'
  if (ms < 1) return Math.round(ms * 1000) + ' µs'
  if (ms < 1000) return ms.toFixed(ms < 10 ? 1 : 0) + ' ms'
  if (ms < 120000) return (ms / 1000).toFixed(1) + ' s'
  if (ms < 7200000) return Math.floor(ms / 60000) + ' min'
  return Math.floor(ms / 3600000) + ' h ' + Math.floor((ms % 3600000) / 60000) + ' min'
}

function bytesText(bytes) {
  if (bytes < 1024) return bytes + ' B'
  if (bytes < 1048576) return (bytes / 1024).toFixed(1) + ' KiB'
  return (bytes / 1048576).toFixed(bytes < 104857600 ? 1 : 0) + ' MiB'
}

/* What an actor is there for, a second. */
function mainRate({ kind, rates }) {
  const name = { reader: 'read', mapper: 'calls', forwarder: 'forwarded', sink: 'written' }[kind]
  return rates[name] ?? 0
}

/* How bad it is that attempts fail: now and then one, or nothing works. */
function troubleOf(view) {
  const failed = view.rates.failed ?? 0
  if (view.counts.failingSince > 0 || failed > mainRate(view) / 2) return 'bad'
  return failed > 0 ? 'warn' : ''
}

function isFull({ usedBytes, capacityBytes }) {
  return usedBytes >= 0.8 * capacityBytes
}

function bannerOf(snapshot, isGone) {
  const { state, troubles, degraded, failure, actors, mailboxes, progress, inFlightMax } = snapshot
  if (failure) return { style: 'bad', text: 'It failed: ' + failure.code + ' ' + failure.message }
  if (state === 'stopped') return { style: 'warn', text: 'It has stopped.' }
  if (isGone) return { style: 'bad', text: 'Nobody answers. What is shown is of the last moment; trying again.' }
  if (state === 'draining') return { style: 'warn', text: 'Draining: ' + countText(progress.inFlight) + ' in flight.' }
  if (troubles.length > 0) {
    const why = actors.filter((a) => a.counts.failingSince > 0 && a.lastError).map((a) => a.lastError.message)
    return { style: 'bad', text: ['Not ready: ' + troubles.join('; '), ...why].join('\n') }
  }
  const full = mailboxes.filter((m) => m.from !== m.to && isFull(m)).map((m) => m.from + ' waits for ' + m.to)
  if (full.length > 0) return { style: 'warn', text: 'Ready. Back-pressure: ' + full.join(', ') + '.' }
  if (degraded) return { style: 'warn', text: 'Ready. Degraded: ' + degraded.join('; ') + '.' }
  if (progress.inFlight >= 0.98 * inFlightMax)
    return { style: 'warn', text: 'Ready. Back-pressure: the source waits, as limits.inFlight (' + countText(inFlightMax) + ') are in flight.' }
  return { style: '', text: 'Ready: everything works.' }
}

function figuresOf({ progress, rates, actors, memory }) {
  const { latencyMs } = actors[0]
  const bad = (count) => (count > 0 ? 'bad' : '')
  const warn = (count) => (count > 0 ? 'warn' : '')
  const rows = [
    ['read / s', rateText(rates.read)],
    ['acked / s', rateText(rates.acked)],
    ['latency p50', timeText(latencyMs.p50)],
    ['latency p99', timeText(latencyMs.p99)],
    ['in flight', countText(progress.inFlight)],
    ['acked', countText(progress.acked)],
    ['nacked', countText(progress.nacked), bad(progress.nacked)],
    ['failed / s', rateText(rates.failed), warn(rates.failed)],
    ['fallback', countText(progress.fallback), warn(progress.fallback)],
    ['dropped', countText(progress.dropped), warn(progress.dropped)],
    ['restarts', countText(progress.restarts), warn(progress.restarts)],
    ['memory', bytesText(memory.residentBytes)],
  ]
  if (progress.pending !== undefined)
    rows.splice(4, 0, ['pending', progress.unit === 'bytes' ? bytesText(progress.pending) : countText(progress.pending)])
  return rows
}

function actorRow(view) {
  const { name, thread, counts, latencyMs, lastError } = view
  const failed = counts.failed ?? 0
  return [
    [name],
    [thread],
    [rateText(mainRate(view))],
    [timeText(latencyMs.p50)],
    [timeText(latencyMs.p99)],
    [countText(counts.inFlight ?? 0)],
    [countText(failed), troubleOf(view)],
    [countText(counts.retried ?? 0)],
    [lastError ? new Date(lastError.timestamp).toLocaleTimeString('en-GB') + ' ' + lastError.message : ''],
  ]
}

function mailboxRow(mailbox) {
  const { from, to, usedBytes, capacityBytes } = mailbox
  const percent = ((100 * usedBytes) / capacityBytes).toFixed(0)
  return [
    [from],
    [from === to ? to + ' (parked)' : to],
    [bytesText(usedBytes)],
    [bytesText(capacityBytes)],
    [percent + ' %', isFull(mailbox) ? 'bad' : ''],
  ]
}
`
