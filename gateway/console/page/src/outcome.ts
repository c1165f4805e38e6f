/* What a change of an objection comes to, in words: for the pages that object and withdraw. */

import type { Words } from "./words/en";

export const OUTCOME = "__typename ... on ObjectionWithdrawn { inForce suspended }";
export interface Outcome {
  __typename: string;
  inForce?: string[];
  suspended?: string[];
}

/** The sentence. A withdrawal says "visible again" only if nothing else hides the data. */
export function outcomeText(words: Words, done: Outcome | null): string {
  if (done === null) return words.unknownOutcome;
  const hidden = [
    ...(done.inForce ?? []).map((purpose) => `${purpose} (${words.byObjection})`),
    ...(done.suspended ?? []).map((purpose) => `${purpose} (${words.bySuspension})`),
  ];
  if (hidden.length > 0) return words.withdrawnButHidden(hidden.join(", "));
  return words.outcomes[done.__typename] ?? words.unknownOutcome;
}
