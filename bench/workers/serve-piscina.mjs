import { handlerOfThread } from '../serve-work.mjs'
import { own } from '../work.mjs'

const handler = handlerOfThread()

export default (value) => own(handler({ value }))
