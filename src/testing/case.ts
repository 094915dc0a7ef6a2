// A case of a suite: its name is the rule that it checks.

/** A rule, by name. */
export type Case = { readonly name: string }

/** Says loudly that a rule was not checked: a case that could not look must not seem to have seen. */
export function notRun(rule: string, why: string): void {
  console.warn(`millrace/testing: NOT RUN: ${rule}: ${why}`)
}
