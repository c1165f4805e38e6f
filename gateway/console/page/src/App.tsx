/* The frame of all pages: where one is, who asks, for what. */

import { lazy, Suspense, useCallback, useEffect, useState, type MouseEvent } from "react";

import { Header, Appearance } from "./Header";
import { SessionProvider, useSession } from "./session";
import { ThemeProvider } from "./theme";
import { TroubleBar } from "./TroubleBar";
import { ErrorBoundary } from "./ErrorBoundary";
import { useWords, WordsProvider } from "./words";

const PAGES = {
  "/": lazy(() => import("./explore/Explore")),
  "/compare": lazy(() => import("./compare/Compare")),
  "/policy": lazy(() => import("./policy/Policy")),
  "/ledger": lazy(() => import("./ledger/Ledger")),
  "/person": lazy(() => import("./person/Person")),
} as const;

export type Path = keyof typeof PAGES;

const NAMES = {
  "/": "explore",
  "/compare": "compare",
  "/policy": "policy",
  "/ledger": "ledger",
  "/person": "person",
} as const;

/** Pages that run under fixed purposes, whichever purpose is chosen elsewhere. */
const UNDER: { [path in Path]?: string[] } = {
  "/ledger": ["AUDIT"],
  "/person": ["SUBJECT_ACCESS", "PREFERENCES"],
};

const pathNow = (): Path => (location.pathname in PAGES ? (location.pathname as Path) : "/");

export function App() {
  return (
    <WordsProvider>
      <ThemeProvider>
        <SessionProvider>
          <Frame />
        </SessionProvider>
      </ThemeProvider>
    </WordsProvider>
  );
}

function Frame() {
  const { words } = useWords();
  const { token, demo, facts, trouble, dismissTrouble } = useSession();
  const [path, setPath] = useState<Path>(pathNow);
  useEffect(() => {
    const follow = () => setPath(pathNow());
    addEventListener("popstate", follow);
    return () => removeEventListener("popstate", follow);
  }, []);
  useEffect(() => {
    document.title = `${words[NAMES[path]]} · ${words.title}`;
  }, [path, words]);
  const go = useCallback(
    (event: MouseEvent<HTMLAnchorElement>) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
      event.preventDefault();
      history.pushState(null, "", event.currentTarget.pathname);
      setPath(pathNow());
      dismissTrouble();
    },
    [dismissTrouble],
  );
  const Page = PAGES[path];
  // An editor with somebody's text in it must not vanish because the gateway is away for a moment.
  const begun = token !== "" && (facts !== null || trouble !== null);
  return (
    <>
      <a className="skip" href="#content">
        {words.skip}
      </a>
      <Header under={UNDER[path]} />
      <div className="bar">
        <nav className="pages" aria-label={words.pages}>
          {(Object.keys(PAGES) as Path[]).map((each) => (
            <a key={each} href={each} onClick={go} aria-current={each === path ? "page" : undefined}>
              {words[NAMES[each]]}
            </a>
          ))}
        </nav>
        <Appearance />
      </div>
      <TroubleBar />
      <main id="content" tabIndex={-1} className={`page-${NAMES[path]}`}>
        {begun || path === "/" ? (
          <ErrorBoundary key={path} broken={words.broken} reload={words.reload}>
            <Suspense fallback={<p className="quiet">{words.loading}</p>}>
              <Page />
            </Suspense>
          </ErrorBoundary>
        ) : (
          <div className="start">
            <h1>{words[NAMES[path]]}</h1>
            <p>{token === "" ? words.start : words.loading}</p>
            {token === "" && demo !== null && <p>{words.startDemo}</p>}
          </div>
        )}
      </main>
    </>
  );
}
