// Tells whether somebody traces: reads the registry of @opentelemetry/api, and loads nothing of it.
// It is asked once a thread, at every start, so it must cost nothing where nobody does.

/** Where every copy of @opentelemetry/api 1.x keeps what an SDK has registered. */
const REGISTRY = Symbol.for('opentelemetry.js.api.1')

/** Gives the tracer provider that an SDK has registered on this thread; undefined for none, or with OTEL_SDK_DISABLED. */
export function registeredProvider(): object | undefined {
  const registry = (globalThis as { [REGISTRY]?: { trace?: object } })[REGISTRY]
  if (registry?.trace === undefined) return undefined
  return process.env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true' ? undefined : registry.trace
}
