/* What differs between two recorded versions of the policy, or one of them and what runs. */

import { useMemo, useState } from "react";

import { useAnswer } from "../useAnswer";
import { dataOf } from "../gateway";
import { AUDIT } from "../purposes";
import { useSession } from "../session";
import { Table } from "../Table";
import { useWords } from "../words";

const VERSIONS = "{ policyVersions { name validFrom author reason } }";
const MATRIX =
  "query Matrix($version: String) { policyMatrix(version: $version) { type field purpose mark } }";
const NOW = "";

interface Version {
  name: string | null;
  validFrom: string | null;
  author: string | null;
  reason: string | null;
}

interface Marked {
  type: string;
  field: string;
  purpose: string;
  mark: string;
}

export function Versions() {
  const { words } = useWords();
  const { token, may, reportTrouble } = useSession();
  const audits = may(AUDIT);
  const versions = useAnswer(useMemo(() => (audits ? () => versionsOf(token) : null), [audits, token])) ?? [];
  const [chosen, setFrom] = useState<string | null>(null);
  const from = chosen ?? versions[0]?.name ?? NOW;
  const [to, setTo] = useState(NOW);
  const [changes, setChanges] = useState<string[][] | null>(null);
  const compare = async () => {
    try {
      const [before, after] = await Promise.all([from, to].map((each) => matrixOf(token, each)));
      setChanges(differing(before!, after!));
    } catch (error) {
      reportTrouble(error);
    }
  };
  const choice = (label: string, value: string, set: (chosen: string) => void) => (
    <label>
      {label}
      <select value={value} onChange={(event) => set(event.target.value)}>
        {versions.map((each) => (
          <option key={each.name} value={each.name ?? NOW}>
            {each.name} {each.validFrom?.slice(0, 10) ?? ""}
          </option>
        ))}
        <option value={NOW}>{words.now}</option>
      </select>
    </label>
  );
  return (
    <section className="no-print" aria-label={words.versions}>
      <h2>{words.versions}</h2>
      {audits ? (
        <>
          <div className="form">
            {choice(words.versionA, from, setFrom)}
            {choice(words.versionB, to, setTo)}
            <button type="button" onClick={() => void compare()}>
              {words.compareVersions}
            </button>
          </div>
          {changes !== null && (
            <>
              <p role="status">{changes.length === 0 ? words.noChange : words.changed(changes.length)}</p>
              {changes.length > 0 && (
                <Table
                  name="policy-changes"
                  columns={["type", "field", "purpose", "from", "to"]}
                  rows={changes}
                />
              )}
            </>
          )}
        </>
      ) : (
        <p>{words.versionsNeed}</p>
      )}
    </section>
  );
}

async function versionsOf(token: string): Promise<Version[]> {
  const { policyVersions } = await dataOf<{ policyVersions: Version[] }>(token, AUDIT, { query: VERSIONS });
  return policyVersions;
}

async function matrixOf(token: string, version: string): Promise<Marked[]> {
  const variables = { version: version === NOW ? null : version };
  const { policyMatrix } = await dataOf<{ policyMatrix: Marked[] | null }>(token, AUDIT, {
    query: MATRIX,
    variables,
  });
  return policyMatrix ?? [];
}

/** Type, field, purpose, mark before and mark after, of each cell that differs. */
function differing(before: Marked[], after: Marked[]): string[][] {
  const keyOf = (each: Marked) => `${each.type}\n${each.field}\n${each.purpose}`;
  const old = new Map(before.map((each) => [keyOf(each), each.mark]));
  const young = new Map(after.map((each) => [keyOf(each), each.mark]));
  return [...new Set([...old.keys(), ...young.keys()])]
    .filter((key) => old.get(key) !== young.get(key))
    .map((key) => [...key.split("\n"), old.get(key) ?? "", young.get(key) ?? ""]);
}
