/* The officer's ready questions, and one person's report. */

import { useState } from "react";

import { ENTRIES_ASKED, ENTRY, ENTRY_COLUMNS, entryRow, type Entry } from "../entries";
import { dataOf } from "../gateway";
import { AUDIT } from "../purposes";
import { useSession } from "../session";
import { Table } from "../Table";
import { useWords } from "../words";
import { timesOf, type Span } from "./span";

const REPORT = `query Report($name: LedgerReportName!, $from: DateTime, $before: DateTime) {
  ledgerReport(name: $name, from: $from, before: $before) { says wrong columns rows }
}`;
const ENTRIES = `query Entries($person: String!, $after: ID) {
  disclosures(person: $person, after: $after, first: ${ENTRIES_ASKED}) { ${ENTRY} }
}`;

interface Report {
  says: string;
  wrong: boolean;
  columns: string[];
  rows: (string | null)[][];
}

export function OfficersQuestions({ span }: { span: Span }) {
  const { words } = useWords();
  const { token, reportTrouble } = useSession();
  const [name, setName] = useState("PHONE_READERS");
  const [answered, setAnswered] = useState<{ name: string; report: Report } | null>(null);
  const ask = async () => {
    try {
      const variables = { name, ...timesOf(span) };
      const { ledgerReport } = await dataOf<{ ledgerReport: Report }>(token, AUDIT, {
        query: REPORT,
        variables,
      });
      setAnswered({ name, report: ledgerReport });
    } catch (error) {
      reportTrouble(error);
    }
  };
  return (
    <section aria-label={words.questions}>
      <h2>{words.questions}</h2>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void ask();
        }}
      >
        <label>
          {words.question}
          <select value={name} onChange={(event) => setName(event.target.value)}>
            {Object.entries(words.reports).map(([each, says]) => (
              <option key={each} value={each}>
                {says}
              </option>
            ))}
          </select>
        </label>
        <button type="submit">{words.show}</button>
      </form>
      {answered !== null && (
        <>
          <p role="status">
            {answered.report.wrong && <strong className="alarm">{words.wrong} </strong>}
            {answered.report.says}
          </p>
          <Table
            name={answered.name.toLowerCase()}
            columns={answered.report.columns}
            rows={answered.report.rows}
          />
        </>
      )}
    </section>
  );
}

export function SubjectsReport() {
  const { words } = useWords();
  const { token, reportTrouble } = useSession();
  const [person, setPerson] = useState("");
  const [entries, setEntries] = useState<Entry[] | null>(null);
  const [whole, setWhole] = useState(true);
  const ask = async (before: Entry[]) => {
    try {
      const variables = { person: person.trim(), after: before.at(-1)?.number ?? null };
      const { disclosures } = await dataOf<{ disclosures: Entry[] }>(token, AUDIT, {
        query: ENTRIES,
        variables,
      });
      setEntries([...before, ...disclosures]);
      setWhole(disclosures.length < ENTRIES_ASKED);
    } catch (error) {
      reportTrouble(error);
    }
  };
  return (
    <section aria-label={words.oneSubject}>
      <h2>{words.oneSubject}</h2>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void ask([]);
        }}
      >
        <label>
          {words.reference}
          <input
            value={person}
            required
            pattern="\s*pl_[0-9a-f]{16}\s*"
            placeholder={words.referenceHint}
            onChange={(event) => setPerson(event.target.value)}
          />
        </label>
        <button type="submit">{words.show}</button>
      </form>
      {entries !== null && (
        <>
          <p role="status">
            {words.reportOf(entries.length)}
            {whole ? "" : " +"}
          </p>
          <Table name="report" columns={ENTRY_COLUMNS} rows={entries.map(entryRow)} />
          {!whole && (
            <button type="button" onClick={() => void ask(entries)}>
              {words.more}
            </button>
          )}
        </>
      )}
    </section>
  );
}
