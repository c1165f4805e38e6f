/* The access ledger for the data protection officer: who received what, what was withheld, what was refused. */

import { useEffect, useState } from "react";

import { dataOf } from "../gateway";
import { AUDIT } from "../purposes";
import { useSession } from "../session";
import { useWords } from "../words";
import { Figure, stacked } from "./Figure";
import { OfficersQuestions, SubjectsReport } from "./Questions";
import { lastDays, timesOf, type Span } from "./span";

interface Count {
  day: string;
  client: string;
  purpose: string;
  answers: number;
  people: number;
}

interface Figures {
  disclosureCounts: Count[];
  peopleByPurpose: { purpose: string; answers: number; people: number }[];
  objectionsOverTime: {
    day: string;
    purpose: string;
    members: number;
    objected: number;
    withdrawn: number;
  }[];
  requestTally: {
    hour: string;
    client: string;
    purpose: string;
    what: string;
    requests: number;
    longestMs: number;
    request: string;
  }[];
}

// One request each, so that a failure of one store does not hide the other charts.
const ASKED: { [name in keyof Figures]: string } = {
  disclosureCounts: "day client purpose answers people",
  peopleByPurpose: "purpose answers people",
  objectionsOverTime: "day purpose members objected withdrawn",
  requestTally: "hour client purpose what requests longestMs request",
};

export default function Ledger() {
  const { words } = useWords();
  const { token, may, reportTrouble } = useSession();
  const audits = may(AUDIT);
  const [span, setSpan] = useState<Span>(() => lastDays(30));
  const [figures, setFigures] = useState<Partial<Figures>>({});
  const load = async () => {
    for (const [name, columns] of Object.entries(ASKED)) {
      const query = `query Figure($from: DateTime, $before: DateTime) { ${name}(from: $from, before: $before) { ${columns} } }`;
      try {
        const data = await dataOf<Partial<Figures>>(token, AUDIT, { query, variables: timesOf(span) });
        setFigures((before) => ({ ...before, ...data }));
      } catch (error) {
        reportTrouble(error);
      }
    }
  };
  // For another token by itself; for other days by the button, not at each key in a date.
  useEffect(() => {
    if (audits) void load();
  }, [audits, token]);
  if (!audits) {
    return (
      <>
        <h1>{words.ledger}</h1>
        <p>{words.needs(AUDIT)}</p>
      </>
    );
  }
  return (
    <>
      <h1>{words.ledger}</h1>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void load();
        }}
      >
        <label>
          {words.since}
          <input
            type="date"
            required
            value={span.since}
            max={span.until}
            onChange={(event) => setSpan({ ...span, since: event.target.value })}
          />
        </label>
        <label>
          {words.until}
          <input
            type="date"
            required
            value={span.until}
            min={span.since}
            onChange={(event) => setSpan({ ...span, until: event.target.value })}
          />
        </label>
        <button type="submit">{words.show}</button>
      </form>
      <Charts figures={figures} />
      <OfficersQuestions span={span} />
      <SubjectsReport />
    </>
  );
}

function Charts({ figures }: { figures: Partial<Figures> }) {
  const { words } = useWords();
  const {
    disclosureCounts: counts,
    peopleByPurpose: people,
    objectionsOverTime: objections,
    requestTally: tally,
  } = figures;
  return (
    <div className="figures">
      {counts && (
        <>
          <Figure
            name="answers-by-day"
            title={words.disclosuresByDay}
            columns={["day", "client", "purpose", "answers", "people"]}
            rows={counts.map((each) => [each.day, each.client, each.purpose, each.answers, each.people])}
            kind="bars"
            {...stacked(
              counts,
              (each) => each.day,
              (each) => each.purpose,
              (each) => each.answers,
            )}
          />
          <Figure
            name="answers-by-client"
            title={words.disclosuresByClient}
            columns={["client", "purpose", "answers"]}
            rows={summed(counts).map((each) => [each.client, each.purpose, each.answers])}
            kind="bars"
            lying
            {...stacked(
              counts,
              (each) => each.client,
              (each) => each.purpose,
              (each) => each.answers,
            )}
          />
        </>
      )}
      {people && (
        <Figure
          name="people-by-purpose"
          title={words.peopleByPurpose}
          columns={["purpose", "answers", "people"]}
          rows={people.map((each) => [each.purpose, each.answers, each.people])}
          kind="bars"
          lying
          {...stacked(
            people,
            (each) => each.purpose,
            (each) => each.purpose,
            (each) => each.people,
          )}
        />
      )}
      {objections && (
        <Figure
          name="objections-over-time"
          title={words.objectionsOverTime}
          columns={["day", "purpose", "members", "objected", "withdrawn"]}
          rows={objections.map((each) => [
            each.day,
            each.purpose,
            each.members,
            each.objected,
            each.withdrawn,
          ])}
          kind="lines"
          {...stacked(
            objections,
            (each) => each.day,
            (each) => each.purpose,
            (each) => each.members,
          )}
        />
      )}
      {tally && (
        <Figure
          name="refused-and-slow"
          title={words.requestTally}
          hint={words.requestTallyHint}
          columns={["hour", "client", "purpose", "what", "requests", "longestMs", "request"]}
          rows={tally.map((each) => [
            each.hour,
            each.client,
            each.purpose,
            each.what,
            each.requests,
            each.longestMs,
            each.request,
          ])}
          kind="bars"
          lying
          {...stacked(
            tally,
            (each) => each.what,
            (each) => each.purpose || "–",
            (each) => each.requests,
          )}
        />
      )}
    </div>
  );
}

/** Answers by client and purpose over all days. */
function summed(counts: Count[]): { client: string; purpose: string; answers: number }[] {
  const found = new Map<string, { client: string; purpose: string; answers: number }>();
  for (const { client, purpose, answers } of counts) {
    const key = `${client}\n${purpose}`;
    const before = found.get(key)?.answers ?? 0;
    found.set(key, { client, purpose, answers: before + answers });
  }
  return [...found.values()];
}
