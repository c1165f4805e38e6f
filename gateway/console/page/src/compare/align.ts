/* Two answers beside each other: one row for each line of JSON, equal things on one height. */

export type Kind = "same" | "differs" | "left-only" | "right-only";

/** A line of both sides; null where a side has none. `key`: the field whose value begins or is here. */
export interface Row {
  depth: number;
  left: string | null;
  right: string | null;
  kind: Kind;
  key: string | null;
  /** Whether this row begins a place that differs, so that places can be counted. */
  begins: boolean;
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
/** Where there is nothing, which is not null. */
const NOTHING = Symbol("nothing");
type Side = Json | typeof NOTHING;
// Beyond this, lists are compared place by place: the finer way takes the square of their length.
const MOST_ALIGNED = 400;

/** The rows of two answers. */
export function align(left: unknown, right: unknown): Row[] {
  const rows: Row[] = [];
  place(rows, 0, null, left as Json, right as Json, "", "");
  return rows;
}

export const countDifferences = (rows: readonly Row[]): number => rows.filter((row) => row.begins).length;

function place(
  rows: Row[],
  depth: number,
  key: string | null,
  left: Side,
  right: Side,
  leftEnd: string,
  rightEnd: string,
): void {
  const name = key === null ? "" : `${JSON.stringify(key)}: `;
  if (left === NOTHING || right === NOTHING) {
    const kind = left === NOTHING ? "right-only" : "left-only";
    const value = (left === NOTHING ? right : left) as Json;
    const lines = linesOf(value, name, left === NOTHING ? rightEnd : leftEnd);
    for (const [number, line] of lines.entries()) {
      rows.push({
        depth: depth + line.depth,
        left: left === NOTHING ? null : line.text,
        right: left === NOTHING ? line.text : null,
        kind,
        key: number === 0 ? key : null,
        begins: number === 0,
      });
    }
    return;
  }
  if (isObject(left) && isObject(right)) {
    both(rows, depth, key, `${name}{`, `${name}{`);
    const keys = merged(Object.keys(left), Object.keys(right));
    const lastLeft = Object.keys(left).at(-1);
    const lastRight = Object.keys(right).at(-1);
    for (const each of keys) {
      const inLeft = each in left ? left[each]! : NOTHING;
      const inRight = each in right ? right[each]! : NOTHING;
      place(
        rows,
        depth + 1,
        each,
        inLeft,
        inRight,
        each === lastLeft ? "" : ",",
        each === lastRight ? "" : ",",
      );
    }
    both(rows, depth, null, `}${leftEnd}`, `}${rightEnd}`);
    return;
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    both(rows, depth, key, `${name}[`, `${name}[`);
    for (const [here, there] of pairs(left, right)) {
      place(
        rows,
        depth + 1,
        null,
        here === null ? NOTHING : left[here]!,
        there === null ? NOTHING : right[there]!,
        here === left.length - 1 ? "" : ",",
        there === right.length - 1 ? "" : ",",
      );
    }
    both(rows, depth, null, `]${leftEnd}`, `]${rightEnd}`);
    return;
  }
  if (JSON.stringify(left) === JSON.stringify(right)) {
    both(rows, depth, key, name + JSON.stringify(left) + leftEnd, name + JSON.stringify(right) + rightEnd);
    return;
  }
  const here = linesOf(left, name, leftEnd);
  const there = linesOf(right, name, rightEnd);
  for (let number = 0; number < Math.max(here.length, there.length); number++) {
    rows.push({
      depth: depth + (here[number] ?? there[number])!.depth,
      left: here[number]?.text ?? null,
      right: there[number]?.text ?? null,
      kind: here[number] === undefined ? "right-only" : there[number] === undefined ? "left-only" : "differs",
      key: number === 0 ? key : null,
      begins: number === 0,
    });
  }
}

/** A line that is on both sides; a comma more or less is no difference. */
function both(rows: Row[], depth: number, key: string | null, left: string, right: string): void {
  rows.push({ depth, left, right, kind: "same", key, begins: false });
}

function linesOf(value: Json, name: string, end: string): { depth: number; text: string }[] {
  const lines = JSON.stringify(value, null, 1).split("\n");
  return lines.map((line, number) => {
    const text = line.trimStart();
    return {
      depth: line.length - text.length,
      text: (number === 0 ? name : "") + text + (number === lines.length - 1 ? end : ""),
    };
  });
}

const isObject = (value: Json): value is { [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The keys of both, each once, in an order that breaks neither's. */
function merged(left: string[], right: string[]): string[] {
  const found: string[] = [];
  let next = 0;
  for (const key of left) {
    const there = right.indexOf(key, next);
    if (there >= 0) {
      found.push(...right.slice(next, there).filter((each) => !left.includes(each)));
      next = there + 1;
    }
    found.push(key);
  }
  found.push(...right.slice(next).filter((each) => !left.includes(each)));
  return found;
}

/** Pairs of two lists: entries with one `id`, else equal entries, else the entries between such pairs. */
function pairs(left: Json[], right: Json[]): [number | null, number | null][] {
  if (left.length > MOST_ALIGNED || right.length > MOST_ALIGNED) {
    return Array.from({ length: Math.max(left.length, right.length) }, (_, place) => [
      place < left.length ? place : null,
      place < right.length ? place : null,
    ]);
  }
  const marksLeft = left.map(markOf);
  const marksRight = right.map(markOf);
  const found: [number | null, number | null][] = [];
  let here = 0;
  let there = 0;
  const between = (untilLeft: number, untilRight: number) => {
    // Entries without an `id` that changed in place are shown side by side.
    while (here < untilLeft || there < untilRight) {
      const a = here < untilLeft ? here++ : null;
      const b = there < untilRight ? there++ : null;
      const named = a !== null && b !== null && (hasId(left[a]!) || hasId(right[b]!));
      if (named) found.push([a, null], [null, b]);
      else found.push([a, b]);
    }
  };
  for (const [a, b] of common(marksLeft, marksRight)) {
    between(a, b);
    found.push([here++, there++]);
  }
  between(left.length, right.length);
  return found;
}

const hasId = (value: Json): boolean => isObject(value) && typeof value["id"] === "string";
const markOf = (value: Json): string =>
  hasId(value) ? `id ${String((value as { id: string }).id)}` : JSON.stringify(value);

/** Places of a longest common subsequence. */
function common(left: string[], right: string[]): [number, number][] {
  const width = right.length + 1;
  const lengths = new Uint16Array((left.length + 1) * width);
  for (let a = left.length - 1; a >= 0; a--) {
    for (let b = right.length - 1; b >= 0; b--) {
      lengths[a * width + b] =
        left[a] === right[b]
          ? lengths[(a + 1) * width + b + 1]! + 1
          : Math.max(lengths[(a + 1) * width + b]!, lengths[a * width + b + 1]!);
    }
  }
  const found: [number, number][] = [];
  let a = 0;
  let b = 0;
  while (a < left.length && b < right.length) {
    if (left[a] === right[b]) found.push([a++, b++]);
    else if (lengths[(a + 1) * width + b]! >= lengths[a * width + b + 1]!) a++;
    else b++;
  }
  return found;
}
