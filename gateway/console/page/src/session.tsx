/* The session of this page: the token, its purposes, and the chosen purpose. */

import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from "react";

import { demoFacts, ruleFacts, tokenFacts, Trouble, type Demo, type Rules, type TokenFacts } from "./gateway";
import { tab } from "./storage";

export interface Session {
  token: string;
  facts: TokenFacts | null;
  rules: Rules | null;
  purpose: string | null;
  demo: Demo | null;
  trouble: Trouble | null;
  /** Whether the token is for the purpose. */
  may: (purpose: string) => boolean;
  /** Use another token; the empty text signs out. */
  setToken: (token: string) => void;
  setPurpose: (purpose: string) => void;
  /** Read the token's facts again: it may have been revoked, or the gateway may be back. */
  again: () => void;
  /** Tell what went wrong with a request, for the whole page to show. */
  reportTrouble: (trouble: unknown) => void;
  /** Remove the message; a problem with the token itself stays. */
  dismissTrouble: () => void;
}

const AGAIN_MS = 3_000;

const Held = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(Held);
  if (session === null) throw new Error("no session");
  return session;
}

export function asTrouble(error: unknown): Trouble {
  return error instanceof Trouble ? error : new Trouble("strange");
}

export function SessionProvider({ children }: { children: ReactNode }) {
  const [token, keepToken] = useState(() => tab.getItem("token") ?? "");
  const [purpose, keepPurpose] = useState(() => tab.getItem("purpose"));
  const [facts, setFacts] = useState<TokenFacts | null>(null);
  const [rules, setRules] = useState<Rules | null>(null);
  const [demo, setDemo] = useState<Demo | null>(null);
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const [attempt, setAttempt] = useState(0);

  const setPurpose = useCallback((chosen: string) => {
    tab.setItem("purpose", chosen);
    keepPurpose(chosen);
  }, []);
  const setToken = useCallback((given: string) => {
    const trimmed = given.trim();
    tab.setItem("token", trimmed);
    setFacts(null);
    setRules(null);
    setTrouble(null);
    keepToken(trimmed);
    setAttempt((count) => count + 1);
  }, []);
  const again = useCallback(() => setAttempt((count) => count + 1), []);
  const may = useCallback(
    (wanted: string) => facts?.purposes.some((each) => each.name === wanted) ?? false,
    [facts],
  );
  const dismissTrouble = useCallback(
    () => setTrouble((before) => (before?.kind === "token" ? before : null)),
    [],
  );
  const reportTrouble = useCallback((error: unknown) => setTrouble(asTrouble(error)), []);

  useEffect(() => {
    demoFacts().then(setDemo, () => undefined);
  }, [attempt]);

  // While the gateway is away, ask again every few seconds: it may have been restarted.
  const away = trouble?.kind === "away";
  useEffect(() => {
    if (!away) return;
    const asking = setInterval(again, AGAIN_MS);
    return () => clearInterval(asking);
  }, [away, again]);

  useEffect(() => {
    if (token === "") return;
    let current = true;
    Promise.all([tokenFacts(token), ruleFacts(token)]).then(
      ([known, told]) => {
        if (!current) return;
        setTrouble(null);
        setFacts(known);
        setRules(told);
        keepPurpose((before) => {
          const own = known.purposes.map((each) => each.name);
          return before !== null && own.includes(before) ? before : (own[0] ?? null);
        });
      },
      (error: unknown) => {
        if (current) setTrouble(asTrouble(error));
      },
    );
    return () => {
      current = false;
    };
  }, [token, attempt]);

  const session = useMemo<Session>(
    () => ({
      token,
      facts,
      rules,
      purpose,
      demo,
      trouble,
      may,
      setToken,
      setPurpose,
      again,
      reportTrouble,
      dismissTrouble,
    }),
    [
      token,
      facts,
      rules,
      purpose,
      demo,
      trouble,
      may,
      setToken,
      setPurpose,
      again,
      reportTrouble,
      dismissTrouble,
    ],
  );
  return <Held.Provider value={session}>{children}</Held.Provider>;
}
