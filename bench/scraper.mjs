// Asks an admin port for its metrics once a second, and listens to what its page would; says how often it was answered.
// In a process of its own: what it costs the topology is the answering alone.

const url = process.argv[2]
let answers = 0

async function scrape() {
  const response = await fetch(`${url}metrics`)
  if (response.ok && (await response.text()).includes('monovtx_read_total')) answers++
}

async function listen() {
  const response = await fetch(`${url}events`)
  for await (const _ of response.body);
}

const gone = () => {}
listen().catch(gone)
scrape().catch(gone)
setInterval(() => scrape().catch(gone), 1_000)
process.once('SIGTERM', () => {
  process.stdout.write(String(answers))
  process.exit(0)
})
