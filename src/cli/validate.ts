// `millrace validate <module>`: all that can be known before a run: the module, the plan, the environment, and whether the
// source and the sinks could be opened. It runs nothing.

import { errorText } from './report.js'
import type { Finding } from './validate/finding.js'
import type { Verb } from './verb.js'

export const validateVerb: Verb = {
  name: 'validate',
  summary: 'Check a topology, its environment, and whether its ends could be opened; run nothing.',
  operands: ['module'],
  options: {
    'no-connect': { type: 'boolean', help: 'Do not look whether the source and the sinks could be opened.' },
    json: { type: 'boolean', help: 'Write the findings as one line of JSON.' },
  },
  notes: [
    'Every finding is a line on stderr; warnings do not change the exit code. If nothing is wrong, the last line is ok, on stdout.',
    'Exit code 0: it can be run; 2: it cannot.',
  ].join('\n'),
  async main(operands, options, io) {
    const { findingsOf } = await import('./validate/findings-of.js')
    const findings = await findingsOf(operands[0], { connects: options['no-connect'] !== true }, io)
    const ok = findings.every(({ level }) => level !== 'error')
    if (options.json === true) io.stdout.write(`${JSON.stringify({ ok, findings: findings.map(plain) })}\n`)
    else {
      // The errors are last, as in a run.
      for (const { level, message } of findings)
        if (level === 'warning') io.stderr.write(`millrace: warning: ${message}\n`)
      for (const { error } of findings) if (error !== undefined) io.stderr.write(errorText(error))
      if (ok) io.stdout.write('ok\n')
    }
    return ok ? 0 : 2
  },
}

function plain({ level, code, message }: Finding): Omit<Finding, 'error'> {
  return { level, ...(code !== undefined && { code }), message }
}
