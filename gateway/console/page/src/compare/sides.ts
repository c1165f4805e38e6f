/* One side: the document under one purpose, without what that purpose does not know. */

import { buildClientSchema, parse, print } from "graphql";

import { send, type Answered, type GraphQLFault } from "../gateway";
import { schemaOf } from "../schemas";
import { prune, variablesFor, type LeftOut } from "./prune";

export interface SideAnswer {
  purpose: string;
  data: Record<string, unknown> | null;
  errors: GraphQLFault[];
  leftOut: LeftOut[];
}

// A page of more lines is nothing that anybody compares by eye, and a browser needs minutes for it.
const MOST_COMPARED = 1_000_000;

/** An answer that is too large to be laid beside another. */
export class TooLarge extends Error {}

/** Ask. Throws GraphQLError for what is no document, TooLarge, and Trouble. */
export async function askSide(
  token: string,
  purpose: string,
  text: string,
  variables: Record<string, unknown>,
): Promise<SideAnswer> {
  const document = parse(text);
  const schema = buildClientSchema(await schemaOf(token, purpose));
  const pruned = prune(document, schema);
  if (pruned.document === null) return { purpose, data: null, errors: [], leftOut: pruned.leftOut };
  const reply = await send(token, purpose, {
    query: print(pruned.document),
    variables: variablesFor(pruned.document, variables),
  });
  if (reply.text.length > MOST_COMPARED) throw new TooLarge();
  const answered = JSON.parse(reply.text) as Answered;
  return { purpose, data: answered.data ?? null, errors: answered.errors ?? [], leftOut: pruned.leftOut };
}
