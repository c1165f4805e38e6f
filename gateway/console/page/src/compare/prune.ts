/* A document without what a purpose's schema does not have, so that the rest can be asked all the same. */

import {
  isInterfaceType,
  isObjectType,
  Kind,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
} from "graphql";

/** What was left out: a field with its type and the name it has in the answer, or a field's argument. */
export interface LeftOut {
  type: string;
  field: string;
  key: string;
  argument: string | null;
}

export interface Pruned {
  /** Null if nothing is left to ask. */
  document: DocumentNode | null;
  leftOut: LeftOut[];
}

export function prune(document: DocumentNode, schema: GraphQLSchema): Pruned {
  const leftOut: LeftOut[] = [];
  let pruned = withoutUnknown(document, schema, leftOut);
  // An empty fragment is removed with its spreads, which may leave another selection empty.
  for (let before = -1; ;) {
    pruned = withoutEmpty(pruned);
    const size = pruned.definitions.length;
    if (size === before) break;
    before = size;
  }
  pruned = withoutUnused(pruned);
  const asks = pruned.definitions.some((each) => each.kind === Kind.OPERATION_DEFINITION);
  return { document: asks ? pruned : null, leftOut };
}

function withoutUnknown(document: DocumentNode, schema: GraphQLSchema, leftOut: LeftOut[]): DocumentNode {
  const info = new TypeInfo(schema);
  const seen = new Set<string>();
  const note = (each: LeftOut) => {
    const text = JSON.stringify(each);
    if (!seen.has(text)) leftOut.push(each);
    seen.add(text);
  };
  return visit(
    document,
    visitWithTypeInfo(info, {
      Field(node) {
        const type = info.getParentType();
        if (!type || node.name.value.startsWith("__") || !(isObjectType(type) || isInterfaceType(type)))
          return undefined;
        const definition = info.getFieldDef();
        const key = node.alias?.value ?? node.name.value;
        if (!definition) {
          note({ type: type.name, field: node.name.value, key, argument: null });
          return null;
        }
        const known = new Set(definition.args.map((each) => each.name));
        const unknown = (node.arguments ?? []).filter((each) => !known.has(each.name.value));
        for (const each of unknown) {
          note({ type: type.name, field: node.name.value, key, argument: each.name.value });
        }
        if (unknown.length === 0) return undefined;
        return { ...node, arguments: (node.arguments ?? []).filter((each) => !unknown.includes(each)) };
      },
      InlineFragment(node) {
        const name = node.typeCondition?.name.value;
        return name !== undefined && !schema.getType(name) ? null : undefined;
      },
      FragmentDefinition(node) {
        return schema.getType(node.typeCondition.name.value) ? undefined : null;
      },
      OperationDefinition(node) {
        return schema.getRootType(node.operation) ? undefined : null;
      },
    }),
  );
}

function withoutEmpty(document: DocumentNode): DocumentNode {
  const there = new Set(
    document.definitions
      .filter((each): each is FragmentDefinitionNode => each.kind === Kind.FRAGMENT_DEFINITION)
      .map((each) => each.name.value),
  );
  return visit(document, {
    FragmentSpread: (node) => (there.has(node.name.value) ? undefined : null),
    Field: { leave: (node: FieldNode) => (node.selectionSet?.selections.length === 0 ? null : undefined) },
    InlineFragment: { leave: (node) => (node.selectionSet.selections.length === 0 ? null : undefined) },
    FragmentDefinition: { leave: (node) => (node.selectionSet.selections.length === 0 ? null : undefined) },
    OperationDefinition: { leave: (node) => (node.selectionSet.selections.length === 0 ? null : undefined) },
  });
}

/** Without variables and fragments that nothing uses any more: a document with such is refused. */
function withoutUnused(document: DocumentNode): DocumentNode {
  const variables = new Set<string>();
  const spread = new Set<string>();
  visit(document, {
    VariableDefinition: () => false,
    Variable: (node) => void variables.add(node.name.value),
    FragmentSpread: (node) => void spread.add(node.name.value),
  });
  return visit(document, {
    VariableDefinition: (node) => (variables.has(node.variable.name.value) ? undefined : null),
    FragmentDefinition: (node) => (spread.has(node.name.value) ? undefined : null),
  });
}

/** Of the variables those that the document declares. */
export function variablesFor(
  document: DocumentNode,
  given: Record<string, unknown>,
): Record<string, unknown> {
  const declared = new Set<string>();
  visit(document, { VariableDefinition: (node) => void declared.add(node.variable.name.value) });
  return Object.fromEntries(Object.entries(given).filter(([name]) => declared.has(name)));
}
