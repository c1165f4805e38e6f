/* GraphiQL under one purpose: its schema, its answers. What is written stays when the purpose changes. */

import "./workers";
// Part by part: the whole has 340 kB of letters in it, as addresses that the page's policy refuses.
import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "graphiql/graphiql.css";

import { explorerPlugin } from "@graphiql/plugin-explorer";
import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import type { Fetcher, FetcherParams } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { parse, print, type GraphQLSchema } from "graphql";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";

import { useAnswer } from "../useAnswer";
import { Badge } from "../Badge";
import { send, type Example } from "../gateway";
import { saved } from "../save";
import { ruleLine, schemaOf, withRules } from "../schemas";
import { mendTabs } from "./tabs";
import { asTrouble, useSession } from "../session";
import { tab } from "../storage";
import { useTheme } from "../theme";
import { useWords } from "../words";

const PLUGINS = [explorerPlugin({ showAttribution: false }), HISTORY_PLUGIN];
// More than this and the editor that shows answers needs seconds for each key.
const MOST_SHOWN = 2_000_000;
const LARGE_DOCUMENT = 100_000;
const DEFAULT_QUERY =
  "# Ctrl+Space completes, Ctrl+Enter runs.\n\n{\n  policy {\n    purpose\n    sentence\n  }\n}\n";

interface Large {
  text: string;
  requestId: string | null;
}

export default function Explore() {
  const { words } = useWords();
  const { theme } = useTheme();
  const session = useSession();
  const [large, setLarge] = useState<Large | null>(null);
  const [kilobytes, setKilobytes] = useState(0);
  const schema = useSchema();
  const ground = useRef<HTMLDivElement>(null);
  // GraphiQL begins with the theme that it kept, and an editor begun in the other one stays in it.
  useState(() => tab.setItem("graphiql:theme", theme));
  useEffect(() => (ground.current === null ? undefined : mendTabs(ground.current, words.tabs)), [words]);

  // One function for the life of the page: GraphiQL would restart with another one.
  const now = useRef({ session, words });
  now.current = { session, words };
  const fetcher = useCallback<Fetcher>(async (asked: FetcherParams) => {
    const { token, purpose, reportTrouble } = now.current.session;
    setLarge(null);
    if (token === "" || purpose === null) return { errors: [{ message: now.current.words.start }] };
    try {
      const reply = await send(token, purpose, asked);
      if (reply.text.length <= MOST_SHOWN) return JSON.parse(reply.text);
      setLarge({ text: reply.text, requestId: reply.requestId });
      return { extensions: { note: now.current.words.largeNote } };
    } catch (error) {
      const trouble = asTrouble(error);
      reportTrouble(trouble);
      const message = now.current.words.trouble[trouble.kind];
      return {
        errors: [{ message, ...(trouble.code === "" ? {} : { extensions: { code: trouble.code } }) }],
      };
    }
  }, []);

  return (
    <div className="explore" ref={ground}>
      <h1 className="hidden">{words.explore}</h1>
      {session.token === "" && (
        <p className="hint">
          {words.start} {session.demo !== null && words.startDemo}
        </p>
      )}
      {large !== null && (
        <div className="notice" role="status">
          <span>{words.large((large.text.length / 1e6).toFixed(1))}</span>
          <button
            type="button"
            onClick={() => saved(`answer-${large.requestId ?? "large"}.json`, large.text, "application/json")}
          >
            {words.save}
          </button>
        </div>
      )}
      {kilobytes > 0 && <p className="hint">{words.documentLarge(kilobytes)}</p>}
      <GraphiQL
        fetcher={fetcher}
        schema={schema}
        storage={tab}
        plugins={PLUGINS}
        forcedTheme={theme}
        defaultQuery={DEFAULT_QUERY}
        defaultEditorToolsVisibility="variables"
        isHeadersEditorEnabled={false}
        shouldPersistHeaders={false}
        showPersistHeadersSettings={false}
        onEditQuery={(text) =>
          setKilobytes(text.length >= LARGE_DOCUMENT ? Math.round(text.length / 1000) : 0)
        }
      >
        <GraphiQL.Logo>
          <Corner />
        </GraphiQL.Logo>
      </GraphiQL>
    </div>
  );
}

/** The schema of the chosen purpose; null while it is loading. */
function useSchema(): GraphQLSchema | null {
  const { words, says } = useWords();
  const { token, purpose, rules, facts } = useSession();
  const ask = useMemo(() => {
    if (facts === null || purpose === null) return null;
    return async () => ({ purpose, introspection: await schemaOf(token, purpose) });
  }, [token, purpose, facts]);
  const asked = useAnswer(ask);
  return useMemo(() => {
    if (asked === null || asked.purpose !== purpose) return null;
    const line = (field: string) =>
      rules === null
        ? null
        : ruleLine(rules, words, (place) => says(rules.reasons[place]!), field, asked.purpose);
    return withRules(asked.introspection, line, words.rule);
  }, [asked, purpose, rules, words, says]);
}

/** The chosen purpose and the examples, inside GraphiQL, whose editors the examples fill. */
function Corner() {
  const { words, language } = useWords();
  const { purpose, demo } = useSession();
  const { addTab } = useGraphiQLActions();
  const [chosen, setChosen] = useState<Example | null>(null);
  const editors = useGraphiQL((state) => ({ query: state.queryEditor, variables: state.variableEditor }));
  const own = demo?.examples.filter((each) => each.purpose === purpose || each.beside === purpose) ?? [];
  const show = (example: Example) => {
    // The text in the editor stays in its own tab.
    if ((editors.query?.getValue() ?? "").trim() !== DEFAULT_QUERY.trim()) addTab();
    setChosen(example);
  };
  useEffect(() => {
    if (chosen === null || !editors.query || !editors.variables) return;
    editors.query.setValue(print(parse(chosen.document)));
    editors.variables.setValue(
      Object.keys(chosen.variables).length === 0 ? "" : JSON.stringify(chosen.variables, null, 2),
    );
    editors.query.focus();
  }, [chosen, editors.query, editors.variables]);
  return (
    <div className="corner">
      {own.length > 0 && (
        <label>
          <span className="hidden">{words.examples}</span>
          <select
            value=""
            onChange={(event) => {
              const example = own[Number(event.target.value)];
              if (example !== undefined) show({ ...example });
            }}
          >
            <option value="">{words.examples}</option>
            {own.map((each, place) => (
              <option key={place} value={place}>
                {words.example(place + 1)}: {each.look[language]}
              </option>
            ))}
          </select>
        </label>
      )}
      {purpose !== null && <Badge purpose={purpose} label={words.runsUnder(purpose)} />}
    </div>
  );
}
