/* The picture that explains the product: one document under two purposes, or before and after an objection. */

import { GraphQLError, parse, print } from "graphql";
import { useEffect, useMemo, useState } from "react";

import { Badge } from "../Badge";
import { dataOf, type DemoToken } from "../gateway";
import { OUTCOME, outcomeText, type Outcome } from "../outcome";
import { ruleOf } from "../schemas";
import { useSession } from "../session";
import { tab } from "../storage";
import { useWords } from "../words";
import { align, countDifferences, type Row } from "./align";
import { askSide, TooLarge, type SideAnswer } from "./sides";

const KEPT = "compare";
const OBJECT = "mutation { done: recordObjection { __typename } }";
const WITHDRAW = `mutation { done: withdrawObjection { ${OUTCOME} } }`;

interface Asked {
  left: SideAnswer;
  right: SideAnswer;
  after: boolean;
}

interface Form {
  document: string;
  variables: string;
  left: string;
  right: string;
  mode: "purposes" | "objection";
}

const EMPTY: Form = { document: "", variables: "", left: "", right: "", mode: "purposes" };

function kept(): Form {
  try {
    return { ...EMPTY, ...(JSON.parse(tab.getItem(KEPT) ?? "{}") as Partial<Form>) };
  } catch {
    return EMPTY;
  }
}

export default function Compare() {
  const { words, language } = useWords();
  const { token, facts, demo, purpose, reportTrouble } = useSession();
  const [form, setForm] = useState<Form>(kept);
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState("");
  const [asked, setAsked] = useState<Asked | null>(null);
  const [outcome, setOutcome] = useState<Outcome | null | undefined>(undefined);
  const [objector, setObjector] = useState("");
  const change = (part: Partial<Form>) => setForm((before) => ({ ...before, ...part }));
  useEffect(() => tab.setItem(KEPT, JSON.stringify(form)), [form]);

  const own = useMemo(() => facts?.purposes.map((each) => each.name) ?? [], [facts]);
  const left = own.includes(form.left) ? form.left : (purpose ?? "");
  const right = own.includes(form.right) ? form.right : (own.find((each) => each !== left) ?? left);
  const example = demo?.examples.find((each) => each.beside !== undefined);
  useEffect(() => {
    if (example !== undefined && form.document === "") {
      change({
        document: print(parse(example.document)),
        variables: JSON.stringify(example.variables, null, 2),
        left: example.purpose,
        right: example.beside ?? "",
      });
    }
  }, [example, form.document]);

  const persons =
    demo?.tokens.filter((each) => each.messenger !== null && each.purposes.includes("PREFERENCES")) ?? [];

  /** Do what asks; what a person wrote stays, whatever comes of it. */
  const doing = async (work: (variables: Record<string, unknown>) => Promise<void>) => {
    setWrong("");
    const variables = variablesIn(form.variables);
    if (variables === null) {
      setWrong(words.variablesWrong);
      return;
    }
    setBusy(true);
    try {
      await work(variables);
    } catch (error) {
      if (error instanceof GraphQLError) setWrong(`${words.documentWrong} ${error.message}`);
      else if (error instanceof TooLarge) setWrong(words.tooLargeToCompare);
      else reportTrouble(error);
    } finally {
      setBusy(false);
    }
  };
  const askBoth = () =>
    doing(async (variables) => {
      setOutcome(undefined);
      const ask = (under: string) => askSide(token, under, form.document, variables);
      const [one, other] = await Promise.all([ask(left), ask(right)]);
      setAsked({ left: one, right: other, after: false });
    });
  const changeAndAsk = (change: string) =>
    doing(async (variables) => {
      const before = await askSide(token, left, form.document, variables);
      setOutcome(await changed(objector, change));
      const after = await askSide(token, left, form.document, variables);
      setAsked({ left: before, right: after, after: true });
    });

  return (
    <>
      <h1>{words.compare}</h1>
      <div className="form" role="radiogroup" aria-label={words.compare}>
        {(["purposes", "objection"] as const).map((mode) => (
          <button
            key={mode}
            type="button"
            role="radio"
            aria-checked={form.mode === mode}
            className={form.mode === mode ? "main" : ""}
            onClick={() => change({ mode })}
          >
            {mode === "purposes" ? words.bothPurposes : words.beforeAfter}
          </button>
        ))}
      </div>
      <div className="sides">
        <label>
          {words.document}
          <textarea
            rows={9}
            value={form.document}
            spellCheck={false}
            onChange={(event) => change({ document: event.target.value })}
          />
        </label>
        <label>
          {words.variables}
          <textarea
            rows={9}
            value={form.variables}
            spellCheck={false}
            onChange={(event) => change({ variables: event.target.value })}
          />
        </label>
      </div>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void (form.mode === "purposes" ? askBoth() : changeAndAsk(OBJECT));
        }}
      >
        <PurposeChoice
          label={form.mode === "purposes" ? words.left : words.purpose}
          own={own}
          value={left}
          onChange={(chosen) => change({ left: chosen })}
        />
        {form.mode === "purposes" ? (
          <PurposeChoice
            label={words.right}
            own={own}
            value={right}
            onChange={(chosen) => change({ right: chosen })}
          />
        ) : (
          <Objector persons={persons} value={objector} onChange={setObjector} language={language} />
        )}
        <button
          type="submit"
          className="main"
          disabled={busy || (form.mode === "objection" && objector === "")}
        >
          {form.mode === "purposes" ? words.ask : words.objectAndAsk}
        </button>
        {form.mode === "objection" && (
          <button
            type="button"
            disabled={busy || objector === ""}
            onClick={() => void changeAndAsk(WITHDRAW)}
          >
            {words.withdraw}
          </button>
        )}
        <button
          type="button"
          className="plain"
          onClick={() =>
            change({
              document: tab.getItem("graphiql:query") ?? form.document,
              variables: tab.getItem("graphiql:variables") ?? form.variables,
            })
          }
        >
          {words.takeFromEditor}
        </button>
      </form>
      <p role="status" className={wrong === "" ? "" : "alarm"}>
        {wrong !== ""
          ? wrong
          : outcome !== undefined
            ? `${words.outcome}: ${outcomeText(words, outcome)}`
            : ""}
      </p>
      {asked !== null && <Sides asked={asked} />}
    </>
  );
}

async function changed(token: string, query: string): Promise<Outcome | null> {
  return (await dataOf<{ done: Outcome | null }>(token, "PREFERENCES", { query })).done;
}

function variablesIn(text: string): Record<string, unknown> | null {
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

function PurposeChoice({
  label,
  own,
  value,
  onChange,
}: {
  label: string;
  own: string[];
  value: string;
  onChange: (chosen: string) => void;
}) {
  return (
    <label>
      {label}
      <select value={value} onChange={(event) => onChange(event.target.value)}>
        {own.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
    </label>
  );
}

function Objector({
  persons,
  value,
  onChange,
  language,
}: {
  persons: DemoToken[];
  value: string;
  onChange: (token: string) => void;
  language: "en" | "de";
}) {
  const { words } = useWords();
  return (
    <>
      {persons.length > 0 && (
        <label>
          {words.who}
          <select
            value={persons.some((each) => each.token === value) ? value : ""}
            onChange={(event) => onChange(event.target.value)}
          >
            <option value="">{words.choose}</option>
            {persons.map((each) => (
              <option key={each.name} value={each.token}>
                {each.about[language]}
              </option>
            ))}
          </select>
        </label>
      )}
      <label>
        {words.whoElse}
        <input
          className="secret"
          value={value}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => onChange(event.target.value.trim())}
        />
      </label>
    </>
  );
}

// A page of so many rows is a second's work for a browser; a longer one is better read as a file.
const MOST_ROWS = 4_000;
const SIGNS = { same: "", differs: "≠", "left-only": "−", "right-only": "+" } as const;

function Sides({ asked }: { asked: Asked }) {
  const { words } = useWords();
  const rows = useMemo(() => align(asked.left.data, asked.right.data), [asked]);
  const notes = useNotes(asked);
  const names = {
    same: words.same,
    differs: words.differs,
    "left-only": words.onlyLeft,
    "right-only": words.onlyRight,
  };
  const heading = (side: SideAnswer, after: string) => (
    <>
      <Badge purpose={side.purpose} /> {asked.after ? after : ""}
    </>
  );
  return (
    <section aria-label={words.compare}>
      <p role="status">
        <strong>{words.differences(countDifferences(rows))}</strong>
      </p>
      <div className="sides">
        <Notices side={asked.left} />
        <Notices side={asked.right} />
      </div>
      <table className="rows">
        <thead>
          <tr>
            <th>
              <span className="hidden">{words.differs}</span>
            </th>
            <th>{heading(asked.left, words.before)}</th>
            <th>{heading(asked.right, words.after)}</th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST_ROWS).map((row, place) => (
            <tr key={place} className={row.kind}>
              <td>
                {SIGNS[row.kind]}
                {row.kind !== "same" && <span className="hidden">{names[row.kind]}</span>}
              </td>
              <Cell row={row} side="left" note={notes.left(row)} />
              <Cell row={row} side="right" note={notes.right(row)} />
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Cell({ row, side, note }: { row: Row; side: "left" | "right"; note: string | null }) {
  const text = row[side];
  if (text === null && note !== null)
    return <td className={`${side[0]} why`}>{"  ".repeat(row.depth) + note}</td>;
  return <td className={side[0]}>{text === null ? "" : "  ".repeat(row.depth) + text}</td>;
}

/** For a row that one side alone has: why the other one has nothing, if the policy says so. */
function useNotes({ left, right }: Asked) {
  const { words } = useWords();
  const of = (side: SideAnswer) => (row: Row) => {
    const unknown =
      row.key === null
        ? undefined
        : side.leftOut.find((each) => each.argument === null && each.key === row.key);
    return unknown === undefined || row.kind === "same"
      ? null
      : words.notInSchema(`${unknown.type}.${unknown.field}`, side.purpose);
  };
  return { left: of(left), right: of(right) };
}

/** What a side was not asked for, each with the policy's reason; and what was refused. */
function Notices({ side }: { side: SideAnswer }) {
  const { words, says } = useWords();
  const { rules } = useSession();
  const why = (field: string): string => {
    const rule = rules === null ? undefined : ruleOf(rules, field, side.purpose);
    return rule === undefined || rules === null
      ? ""
      : rule[2].map((place) => says(rules.reasons[place]!)).join(" ");
  };
  return (
    <div>
      {side.leftOut.length > 0 && (
        <>
          <p>
            <Badge purpose={side.purpose} /> {words.askedWithout}
          </p>
          <ul className="left-out">
            {side.leftOut.map((each) => (
              <li key={`${each.type}.${each.field}.${each.key}.${each.argument ?? ""}`}>
                <strong>
                  {each.argument === null
                    ? words.notInSchema(`${each.type}.${each.field}`, side.purpose)
                    : words.argumentLeftOut(`${each.field}(${each.argument})`, side.purpose)}
                </strong>
                . {why(`${each.type}.${each.field}`)}
              </li>
            ))}
          </ul>
        </>
      )}
      {side.errors.length > 0 && (
        <p className="alarm">
          {words.refusedOn}{" "}
          {side.errors.map((each) => `${each.extensions?.code ?? ""} ${each.message}`).join("; ")}
        </p>
      )}
    </div>
  );
}
