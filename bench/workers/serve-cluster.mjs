import { belong } from '../beside.mjs'
import { serve } from '../contenders/http-node.mjs'

belong()
await serve()
