import { belong } from '../beside.mjs'
import { serve } from '../contenders/http-node.mjs'

const port = await serve()
belong()
process.send(port)
