/* A person's own page: what is known of them, who received it, and their objection. */

import { useCallback, useEffect, useState } from "react";

import { Badge } from "../Badge";
import { ENTRIES_ASKED, ENTRY, ENTRY_COLUMNS, entryRow, type Entry } from "../entries";
import { dataOf } from "../gateway";
import { OUTCOME, outcomeText, type Outcome } from "../outcome";
import { useSession } from "../session";
import { Table, textOf } from "../Table";
import { useWords } from "../words";

const OWN = "SUBJECT_ACCESS";
const CHANGES = "PREFERENCES";

const MINE = `{
  subject {
    messengerAccount {
      id phone countryCode registeredAt contactCountBand
      usage { frequencyBand activeDays28 messagesSent28 lastActiveOn }
    }
    socialAccount {
      id displayName
      messengerLink { since }
      phones { number source }
      adTopics { topic source }
    }
    objections { kind purposes recordedAt effectiveAt channel termsVersion }
    termsAcceptances { version acceptedAt }
  }
}`;
const RECEIVED = `query Received($after: ID) { disclosures(first: ${ENTRIES_ASKED}, after: $after) { ${ENTRY} } }`;
const STANDING = "{ objectionEligibility { purpose standing until } }";
const RECORD =
  "mutation Object($purposes: [ObjectablePurpose!]!) { done: recordObjection(purposes: $purposes) { __typename } }";
const WITHDRAW = `mutation Withdraw($purposes: [ObjectablePurpose!]!) { done: withdrawObjection(purposes: $purposes) { ${OUTCOME} } }`;

type Fields = Record<string, unknown>;

interface Mine {
  messengerAccount: Fields | null;
  socialAccount: Fields | null;
  objections: Fields[];
  termsAcceptances: Fields[];
}

interface Eligibility {
  purpose: string;
  standing: string;
  until: string | null;
}

export default function Person() {
  const { words } = useWords();
  const { token, may, reportTrouble } = useSession();
  const sees = may(OWN);
  const [mine, setMine] = useState<Mine | null>(null);
  const [received, setReceived] = useState<Entry[] | null>(null);
  const [whole, setWhole] = useState(true);

  const readMine = useCallback(async () => {
    try {
      const { subject } = await dataOf<{ subject: Mine }>(token, OWN, { query: MINE });
      setMine(subject);
    } catch (error) {
      reportTrouble(error);
    }
  }, [token, reportTrouble]);
  const readReceived = useCallback(
    async (before: Entry[]) => {
      try {
        const variables = { after: before.at(-1)?.number ?? null };
        const { disclosures } = await dataOf<{ disclosures: Entry[] }>(token, OWN, {
          query: RECEIVED,
          variables,
        });
        setReceived([...before, ...disclosures]);
        setWhole(disclosures.length < ENTRIES_ASKED);
      } catch (error) {
        reportTrouble(error);
      }
    },
    [token, reportTrouble],
  );
  useEffect(() => {
    setMine(null);
    setReceived(null);
    if (sees) void readMine().then(() => readReceived([]));
  }, [sees, readMine, readReceived]);

  return (
    <>
      <h1>{words.person}</h1>
      {sees ? (
        <>
          <MyObjection may={may(CHANGES)} changed={() => void readMine()} />
          <section aria-label={words.myData}>
            <h2>
              {words.myData} <Badge purpose={OWN} />
            </h2>
            {mine === null ? <p className="quiet">{words.loading}</p> : <MyData mine={mine} />}
          </section>
          <section aria-label={words.whoReceived}>
            <h2>{words.whoReceived}</h2>
            {received === null ? (
              <p className="quiet">{words.loading}</p>
            ) : received.length === 0 ? (
              <p>{words.noRecipients}</p>
            ) : (
              <Table name="who-received" columns={ENTRY_COLUMNS} rows={received.map(entryRow)} />
            )}
            {!whole && (
              <button type="button" onClick={() => void readReceived(received ?? [])}>
                {words.more}
              </button>
            )}
          </section>
        </>
      ) : (
        <p>{words.needs(OWN)}</p>
      )}
    </>
  );
}

function MyData({ mine }: { mine: Mine }) {
  const { words } = useWords();
  const cards: [string, Fields | Fields[] | null][] = [
    ["MessengerAccount", mine.messengerAccount],
    ["SocialAccount", mine.socialAccount],
    ["Objection", mine.objections],
    ["TermsAcceptance", mine.termsAcceptances],
  ];
  return (
    <div className="cards">
      {cards.map(([name, value]) => (
        <div key={name} className="card">
          <h3>{name}</h3>
          {value === null || (Array.isArray(value) && value.length === 0) ? (
            <p className="quiet">{words.nothingKnown}</p>
          ) : (
            <Value value={value} />
          )}
        </div>
      ))}
    </div>
  );
}

/** Fields as a list of names and values, however deep; a list of such one after the other. */
function Value({ value }: { value: unknown }) {
  const { words } = useWords();
  if (value === null || value === undefined) return <span className="quiet">{words.nothingKnown}</span>;
  if (Array.isArray(value)) {
    if (value.every((each) => typeof each !== "object")) return <>{value.map(textOf).join(", ")}</>;
    if (value.length === 0) return <span className="quiet">{words.nothingKnown}</span>;
    return (
      <>
        {value.map((each, place) => (
          <Value key={place} value={each} />
        ))}
      </>
    );
  }
  if (typeof value !== "object") return <>{textOf(value)}</>;
  return (
    <dl>
      {Object.entries(value).map(([name, each]) => (
        <div key={name} style={{ display: "contents" }}>
          <dt>{name}</dt>
          <dd>
            <Value value={each} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function MyObjection({ may, changed }: { may: boolean; changed: () => void }) {
  const { words } = useWords();
  const { token, reportTrouble } = useSession();
  const [standings, setStandings] = useState<Eligibility[] | null>(null);
  const [outcome, setOutcome] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const read = useCallback(async () => {
    try {
      const { objectionEligibility } = await dataOf<{ objectionEligibility: Eligibility[] }>(token, CHANGES, {
        query: STANDING,
      });
      setStandings(objectionEligibility);
    } catch (error) {
      reportTrouble(error);
    }
  }, [token, reportTrouble]);
  useEffect(() => {
    setOutcome(null);
    if (may) void read();
  }, [may, read]);
  const change = async (query: string, purpose: string) => {
    setBusy(true);
    setOutcome(null);
    try {
      const variables = { purposes: [purpose] };
      const { done } = await dataOf<{ done: Outcome | null }>(token, CHANGES, { query, variables });
      setOutcome(outcomeText(words, done));
    } catch (error) {
      setOutcome(words.unknownOutcome);
      reportTrouble(error);
    }
    await read();
    changed();
    setBusy(false);
  };
  return (
    <section aria-label={words.myObjection}>
      <h2>
        {words.myObjection} <Badge purpose={CHANGES} />
      </h2>
      {!may && <p>{words.needsPreferences}</p>}
      <div className="cards">
        {standings?.map(({ purpose, standing, until }) => (
          <div key={purpose} className="card">
            <h3>
              <Badge purpose={purpose} />
            </h3>
            <p>{words.purposes[purpose]}</p>
            <p>
              {words.standings[standing] ?? standing} {until !== null && textOf(until)}
            </p>
            {standing === "MAY_OBJECT" && (
              <button
                type="button"
                className="main"
                disabled={busy}
                onClick={() => void change(RECORD, purpose)}
              >
                {words.objectTo(purpose)}
              </button>
            )}
            {standing === "OBJECTED" && (
              <button type="button" disabled={busy} onClick={() => void change(WITHDRAW, purpose)}>
                {words.withdrawFrom(purpose)}
              </button>
            )}
          </div>
        ))}
      </div>
      <p role="status">{outcome}</p>
    </section>
  );
}
