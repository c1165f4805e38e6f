/* Entries of the access ledger, as the ledger's page and a person's own show them. */

export interface Entry {
  number: string;
  at: string;
  client: string;
  purpose: string;
  fields: string[];
  outcome: string;
  request: string;
}

/** So many are asked for at once. */
export const ENTRIES_ASKED = 200;

export const ENTRY = "number at client purpose fields outcome request";

export const ENTRY_COLUMNS = ["at", "client", "purpose", "fields", "outcome", "request"];

export const entryRow = ({ at, client, purpose, fields, outcome, request }: Entry): unknown[] => [
  at,
  client,
  purpose,
  fields,
  outcome,
  request,
];
