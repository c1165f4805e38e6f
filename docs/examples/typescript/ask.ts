import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { print } from "graphql";
import { PersonDocument } from "./person.js";

declare const process: { env: Record<string, string> }; // or install @types/node

async function ask<Data, Variables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const response = await fetch(`${process.env.GATEWAY_URL}/graphql`, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${process.env.GATEWAY_TOKEN}`,
      "Gateway-Purpose": "SECURITY",
      "Content-Type": "application/json",
      Accept: "application/graphql-response+json",
    },
    body: JSON.stringify({ query: print(document), variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(errors[0].extensions.code);
  return data;
}

const { socialAccount } = await ask(PersonDocument, { id: "sa_80000001" });
// `messengerLink` is nullable in the schema, and so in the generated type.
console.log(socialAccount?.displayName, socialAccount?.messengerLink?.account.usage.activeDays28);
