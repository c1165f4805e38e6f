/* The schema of a purpose, as the gateway tells it to this token, with each field's rule in its description. */

import {
  buildClientSchema,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  type GraphQLSchema,
  type IntrospectionQuery,
} from "graphql";

import { introspected, type Rule, type Rules } from "./gateway";
import type { Words } from "./words/en";

const known = new Map<string, Promise<IntrospectionQuery>>();

/** What the purpose's schema is; asked once for each token and purpose. */
export function schemaOf(token: string, purpose: string): Promise<IntrospectionQuery> {
  const key = `${token} ${purpose}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const asked = introspected(token, purpose);
  known.set(key, asked);
  // A failed request is repeated the next time.
  asked.catch(() => known.delete(key));
  return asked;
}

export const ruleOf = (rules: Rules, field: string, purpose: string): Rule | undefined =>
  rules.fields[field]?.[purpose];

/** The rule in one line: what its mark means, or what its place rests on. */
export function ruleLine(
  rules: Rules,
  words: Words,
  says: (place: number) => string,
  field: string,
  purpose: string,
): string | null {
  const rule = ruleOf(rules, field, purpose);
  if (rule === undefined) return words.partOf;
  const [mark, , why] = rule;
  if (mark !== null) return `${mark} – ${words.marksMean[mark] ?? rules.marks[mark] ?? ""}`;
  return why[0] === undefined ? null : says(why[0]);
}

/** Into the first paragraph, on a line of its own: of a list of fields GraphiQL shows no other. */
function beside(description: string, rule: string): string {
  const [first = "", ...others] = description.split("\n\n");
  return [`${first}  \n${rule}`, ...others].join("\n\n");
}

/** A schema in whose documentation each field shows its rule. */
export function withRules(
  introspection: IntrospectionQuery,
  line: (field: string) => string | null,
  heading: string,
): GraphQLSchema {
  const schema = buildClientSchema(introspection);
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith("__")) continue;
    if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const rule = line(`${type.name}.${field.name}`);
      if (rule !== null) field.description = beside(field.description ?? "", `**${heading}:** ${rule}`);
    }
  }
  return schema;
}
