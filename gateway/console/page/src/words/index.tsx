import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from "react";

import type { Reason } from "../gateway";
import { taste } from "../storage";
import { de } from "./de";
import { en, type Words } from "./en";

export type Language = "en" | "de";
const ALL: Record<Language, Words> = { en, de };

interface Spoken {
  language: Language;
  words: Words;
  setLanguage: (language: Language) => void;
  /** A reason of the policy, in this language. */
  says: (reason: Reason) => string;
}

const Held = createContext<Spoken | null>(null);

export function useWords(): Spoken {
  const spoken = useContext(Held);
  if (spoken === null) throw new Error("no words");
  return spoken;
}

function first(): Language {
  const kept = taste.get("language");
  if (kept === "en" || kept === "de") return kept;
  return navigator.language.toLowerCase().startsWith("de") ? "de" : "en";
}

export function WordsProvider({ children }: { children: ReactNode }) {
  const [language, keep] = useState<Language>(first);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const spoken = useMemo<Spoken>(() => {
    const words = ALL[language];
    return {
      language,
      words,
      setLanguage: (chosen) => {
        taste.set("language", chosen);
        keep(chosen);
      },
      says: (reason) => sentence(words, reason),
    };
  }, [language]);
  return <Held.Provider value={spoken}>{children}</Held.Provider>;
}

function sentence(words: Words, reason: Reason): string {
  const pattern = words.sentences[reason.key];
  if (pattern === undefined) return reason.says;
  const { mark, purpose } = reason.words;
  const own: Record<string, string> = {
    ...reason.words,
    ...(mark === undefined ? {} : { meaning: words.marksMean[mark] ?? "" }),
    ...(purpose === undefined ? {} : { sentence: words.purposes[purpose] ?? "" }),
  };
  return pattern.replace(/\{(\w+)\}/g, (_, name: string) => own[name] ?? "");
}
