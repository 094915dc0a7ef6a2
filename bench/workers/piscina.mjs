import { own, workOfThread } from '../work.mjs'

const { handler } = workOfThread()

export default (message) => ({ id: message.id, value: own(handler(message)) })
