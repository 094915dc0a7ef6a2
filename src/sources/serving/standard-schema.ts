// The part of the Standard Schema interface (version 1, https://standardschema.dev) that is used here: zod, valibot, arktype and
// others have it.

export type SchemaIssue = {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}
export type SchemaResult = { readonly issues?: readonly SchemaIssue[] | undefined }

export interface StandardSchema {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult | Promise<SchemaResult>
    /** Of Standard JSON Schema, where the library has it. */
    readonly jsonSchema?: { readonly input: (options: { target: string }) => Record<string, unknown> }
  }
}
