/* The policy as a picture: type and field by purpose, why, and what differs between two versions. */

import { useMemo, useRef, useState, type KeyboardEvent } from "react";

import { useAnswer } from "../useAnswer";
import { explanationOf, type Rules } from "../gateway";
import { csvOf, saved } from "../save";
import { useSession } from "../session";
import { useWords } from "../words";
import { Versions } from "./Versions";
import { Why } from "./Why";

interface Cell {
  field: string;
  purpose: string;
}

export default function Policy() {
  const { words } = useWords();
  const { rules, token } = useSession();
  const [search, setSearch] = useState("");
  const [everything, setEverything] = useState(false);
  const [cell, setCell] = useState<Cell | null>(null);
  const found = useAnswer(
    useMemo(
      () => (cell === null ? null : () => explanationOf(token, cell.field, cell.purpose)),
      [cell, token],
    ),
  );
  const fields = useMemo(() => shownFields(rules, search, everything), [rules, search, everything]);
  if (rules === null) return <p className="quiet">{words.loading}</p>;
  const purposes = rules.purposes.map((each) => each.name);
  const save = () => {
    const rows = fields.map((field) => {
      const [type, name] = partsOf(field);
      return [type, name, ...purposes.map((each) => markOf(rules, field, each))];
    });
    saved("policy.csv", csvOf(["type", "field", ...purposes], rows), "text/csv");
  };
  return (
    <>
      <h1>{words.policy}</h1>
      <div className="form">
        <label>
          {words.filter}
          <input
            type="search"
            value={search}
            placeholder={words.filterHint}
            onChange={(event) => setSearch(event.target.value)}
          />
        </label>
        <label>
          <span>{words.marks}</span>
          <select
            value={everything ? "all" : "matrix"}
            onChange={(event) => setEverything(event.target.value === "all")}
          >
            <option value="matrix">V A N …</option>
            <option value="all">V A N … + ✓ –</option>
          </select>
        </label>
        <button type="button" onClick={save}>
          {words.csv}
        </button>
        <button type="button" onClick={() => print()}>
          {words.print}
        </button>
        <span role="status" className="quiet">
          {words.shown(fields.length)}
        </span>
      </div>
      <ul className="legend">
        {Object.keys(rules.marks).map((mark) => (
          <li key={mark}>
            <b className={`mark-${mark}`}>{mark}</b>
            {words.marksMean[mark] ?? rules.marks[mark]}
          </li>
        ))}
      </ul>
      <div className="with-panel">
        <Matrix rules={rules} fields={fields} cell={cell} choose={setCell} />
        <aside className="panel" aria-live="polite" aria-label={words.rule}>
          {found === null ? <p>{words.clickCell}</p> : <Why found={found} />}
        </aside>
      </div>
      <Versions />
    </>
  );
}

/** `Type.field` as its two parts. */
export function partsOf(field: string): [string, string] {
  const dot = field.indexOf(".");
  return [field.slice(0, dot), field.slice(dot + 1)];
}

/** The mark of a field; of what has no line of its own, whether it is there. */
export function markOf(rules: Rules, field: string, purpose: string): string {
  const rule = rules.fields[field]?.[purpose];
  if (rule === undefined) return "";
  return rule[0] ?? (rule[1] ? "✓" : "–");
}

function shownFields(rules: Rules | null, search: string, everything: boolean): string[] {
  if (rules === null) return [];
  const wanted = search.trim().toLowerCase();
  return Object.keys(rules.fields).filter((field) => {
    const marked = Object.values(rules.fields[field]!).some((rule) => rule[0] !== null);
    return (marked || everything) && field.toLowerCase().includes(wanted);
  });
}

interface MatrixProps {
  rules: Rules;
  fields: string[];
  cell: Cell | null;
  choose: (cell: Cell) => void;
}

/** The heat map: a table whose cells are buttons; the arrow keys walk through it. */
function Matrix({ rules, fields, cell, choose }: MatrixProps) {
  const { words } = useWords();
  const table = useRef<HTMLTableElement>(null);
  const [focus, setFocus] = useState<[number, number]>([0, 0]);
  const purposes = rules.purposes.map((each) => each.name);
  const walk = (event: KeyboardEvent, row: number, column: number) => {
    const steps: Record<string, [number, number]> = {
      ArrowUp: [row - 1, column],
      ArrowDown: [row + 1, column],
      ArrowLeft: [row, column - 1],
      ArrowRight: [row, column + 1],
      Home: [row, 0],
      End: [row, purposes.length - 1],
      PageUp: [row - 10, column],
      PageDown: [row + 10, column],
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next: [number, number] = [clamp(step[0], fields.length), clamp(step[1], purposes.length)];
    setFocus(next);
    table.current?.querySelector<HTMLButtonElement>(`[data-place="${next[0]} ${next[1]}"]`)?.focus();
  };
  const reached = clamp(focus[0], fields.length);
  return (
    <div className="scroll">
      <table className="matrix" ref={table}>
        <caption className="hidden">{words.policy}</caption>
        <thead>
          <tr>
            <th scope="col">{words.field}</th>
            {purposes.map((each) => (
              <th key={each} scope="col" className="purpose">
                <span>{each}</span>
              </th>
            ))}
          </tr>
        </thead>
        {byType(fields).map(([type, rows]) => (
          <tbody key={type}>
            <tr>
              <th scope="rowgroup" className="type" colSpan={purposes.length + 1}>
                {type}
              </th>
            </tr>
            {rows.map(([field, row]) => (
              <tr key={field}>
                <th scope="row" className="row">
                  {partsOf(field)[1]}
                </th>
                {purposes.map((purpose, column) => {
                  const mark = markOf(rules, field, purpose);
                  const chosen = cell?.field === field && cell.purpose === purpose;
                  return (
                    <td key={purpose}>
                      <button
                        type="button"
                        className={`mark-${mark === "✓" ? "V" : mark === "–" ? "none" : mark}`}
                        data-place={`${row} ${column}`}
                        tabIndex={row === reached && column === focus[1] ? 0 : -1}
                        aria-pressed={chosen}
                        aria-label={words.cell(
                          field,
                          purpose,
                          words.marksMean[mark] ?? (mark === "✓" ? words.visible : words.notVisible),
                        )}
                        onClick={() => {
                          setFocus([row, column]);
                          choose({ field, purpose });
                        }}
                        onKeyDown={(event) => walk(event, row, column)}
                      >
                        {mark}
                      </button>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        ))}
      </table>
    </div>
  );
}

const clamp = (value: number, length: number): number => Math.max(0, Math.min(value, length - 1));

/** The fields by type, each with its place among all. */
function byType(fields: string[]): [string, [string, number][]][] {
  const found = new Map<string, [string, number][]>();
  for (const [place, field] of fields.entries()) {
    const type = partsOf(field)[0];
    const rows = found.get(type) ?? [];
    rows.push([field, place]);
    found.set(type, rows);
  }
  return [...found];
}
