import { useMemo, useState } from "react";

import { csvOf, saved } from "./save";
import { useWords } from "./words";

const PAGE = 200;
const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/;

interface TableProps {
  name: string;
  columns: readonly string[];
  rows: readonly (readonly unknown[])[];
}

/** A table with its CSV: all of it in the file, the first rows on the page. */
export function Table({ name, columns, rows }: TableProps) {
  const { words } = useWords();
  const [shown, setShown] = useState(PAGE);
  const numbers = useMemo(
    () => columns.map((_, place) => rows.length > 0 && rows.every((row) => typeof row[place] === "number")),
    [columns, rows],
  );
  if (rows.length === 0) return <p className="quiet">{words.noData}</p>;
  return (
    <>
      <div className="scroll tall" tabIndex={0} role="region" aria-label={name}>
        <table>
          <thead>
            <tr>
              {columns.map((each) => (
                <th key={each} scope="col">
                  {words.columns[each] ?? each}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, shown).map((row, place) => (
              <tr key={place}>
                {row.map((value, column) => (
                  <td
                    key={column}
                    className={
                      numbers[column]
                        ? "number"
                        : typeof value === "string" && MOMENT.test(value)
                          ? "moment"
                          : undefined
                    }
                  >
                    {textOf(value)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="form">
        <button type="button" onClick={() => saved(`${name}.csv`, csvOf(columns, rows), "text/csv")}>
          {words.csv}
        </button>
        {rows.length > shown && (
          <button type="button" onClick={() => setShown((count) => count + PAGE)}>
            {words.more} ({rows.length - shown})
          </button>
        )}
      </div>
    </>
  );
}

/** A value as people read it. */
export function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(textOf).join(", ");
  if (typeof value === "string" && MOMENT.test(value))
    return value.slice(0, 19).replace("T", " ") + (value.endsWith("+00:00") ? " UTC" : "");
  return String(value);
}
