/* The days that a page of the ledger is about. */

export interface Span {
  since: string;
  until: string;
}

const DAY_MS = 86_400_000;
const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);

/** So many days up to today, in UTC. */
export const lastDays = (count: number): Span => ({
  since: dayOf(Date.now() - (count - 1) * DAY_MS),
  until: dayOf(Date.now()),
});

/** As times: from the beginning of the first day to the end of the last. */
export const timesOf = ({ since, until }: Span) => ({
  from: `${since}T00:00:00Z`,
  before: new Date(Date.parse(`${until}T00:00:00Z`) + DAY_MS).toISOString(),
});
