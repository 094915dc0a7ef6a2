// One line of the Combined Log Format, which Apache httpd and nginx write:
//   192.0.2.7 - - [14/Mar/2026:06:25:24 +0000] "GET /cart HTTP/1.1" 200 5123 "https://shop.example/" "curl/8.5.0"

const LINE =
  /^(\S+) \S+ (\S+) \[([^\]]+)\] "([A-Z]+) (\S+) HTTP\/([\d.]+)" (\d{3}) (\d+|-) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"$/
const TIME = /^(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d\d)(\d\d)$/
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Gives the request that a line tells of. Throws where it tells of none. */
export function parseLine(line) {
  const found = LINE.exec(line)
  if (found === null) throw new Error('not in the Combined Log Format')
  const [, client, user, time, method, path, version, status, bytes, referrer, agent] = found
  return {
    time: isoTime(time),
    client,
    user: absent(user),
    method,
    path,
    version,
    status: Number(status),
    bytes: bytes === '-' ? 0 : Number(bytes),
    referrer: absent(referrer),
    agent: absent(agent),
  }
}

function isoTime(text) {
  const [, day, month, year, clock, hours, minutes] = TIME.exec(text) ?? []
  const number = String(MONTHS.indexOf(month) + 1).padStart(2, '0')
  const date = new Date(`${year}-${number}-${day}T${clock}${hours}:${minutes}`)
  if (Number.isNaN(date.getTime())) throw new Error(`not a time: ${text}`)
  return date.toISOString()
}

function absent(text) {
  return text === '-' ? null : text
}
