/* A question in figures: a chart, the same as a table, and the table as CSV. */

import { lazy, Suspense } from "react";

import { Table } from "../Table";
import { useWords } from "../words";
import type { Series } from "./Chart";

const Chart = lazy(() => import("./Chart"));

interface FigureProps {
  name: string;
  title: string;
  hint?: string;
  columns: readonly string[];
  rows: readonly (readonly unknown[])[];
  kind: "bars" | "lines";
  places: readonly string[];
  series: readonly Series[];
  lying?: boolean;
}

export function Figure({ name, title, hint, columns, rows, kind, places, series, lying }: FigureProps) {
  const { words } = useWords();
  return (
    <figure className="figure">
      <figcaption>{title}</figcaption>
      {hint !== undefined && <p className="quiet">{hint}</p>}
      {rows.length === 0 ? (
        <p className="quiet">{words.noData}</p>
      ) : (
        <>
          <Suspense fallback={<div className="chart quiet">{words.loading}</div>}>
            <Chart label={title} kind={kind} places={places} series={series} lying={lying ?? false} />
          </Suspense>
          <details>
            <summary>{words.asTable}</summary>
            <Table name={name} columns={columns} rows={rows} />
          </details>
        </>
      )}
    </figure>
  );
}

/** Sums of a column by place and series, in the order in which each first comes. */
export function stacked<T>(
  rows: readonly T[],
  place: (row: T) => string,
  series: (row: T) => string,
  value: (row: T) => number,
): { places: string[]; series: Series[] } {
  const places = [...new Set(rows.map(place))];
  const at = new Map(places.map((each, number) => [each, number]));
  const found = new Map<string, number[]>();
  for (const row of rows) {
    const values = found.get(series(row)) ?? places.map(() => 0);
    values[at.get(place(row))!]! += value(row);
    found.set(series(row), values);
  }
  return { places, series: [...found].map(([name, values]) => ({ name, values })) };
}
