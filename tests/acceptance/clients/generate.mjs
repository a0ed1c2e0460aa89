// Usage: node generate.mjs SCHEMA OPERATIONS OUTPUT. Writes what a TypeScript client gets of a schema and its operations.
import { generate } from "@graphql-codegen/cli";

const [schema, documents, output] = process.argv.slice(2);

await generate({
  schema,
  documents,
  generates: {
    [`${output}/`]: {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: { scalars: { Date: "string", DateTime: "string" }, strictScalars: true },
    },
  },
  silent: true,
});
