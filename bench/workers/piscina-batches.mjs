import { own, workOfThread } from '../work.mjs'

const { handler } = workOfThread()

export default (batch) => batch.map((message) => ({ id: message.id, value: own(handler(message)) }))
