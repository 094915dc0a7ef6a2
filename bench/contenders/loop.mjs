// One hand-written single-threaded loop: read, map, write, acknowledge.

export async function run({ work, origin, meter }) {
  const { handler } = work
  for (let message = origin.read(); message !== null; message = origin.read()) {
    const output = { id: message.id, value: handler(message) }
    meter.take(output.value)
    origin.ack(output.id)
  }
}
