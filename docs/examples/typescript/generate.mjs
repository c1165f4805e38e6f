// node generate.mjs SCHEMA.graphql DOCUMENTS.graphql OUT.ts: types and typed documents, without any network.
import { codegen } from "@graphql-codegen/core";
import * as operations from "@graphql-codegen/typescript-operations";
import * as documents from "@graphql-codegen/typed-document-node";
import { parse } from "graphql";
import { readFileSync, writeFileSync } from "node:fs";

const [schema, document, filename] = process.argv.slice(2);
const read = (path) => parse(readFileSync(path, "utf8"));
const text = await codegen({
  filename,
  schema: read(schema),
  documents: [{ location: document, document: read(document) }],
  config: {
    useTypeImports: true,
    scalars: { DateTime: "string", Date: "string", PhoneNumber: "string" },
  },
  plugins: [{ operations: {} }, { documents: {} }],
  pluginMap: { operations, documents },
});
writeFileSync(filename, text);
