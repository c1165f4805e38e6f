/* Light or dark: as the system has it, unless a person chose. */

import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from "react";

import { taste } from "./storage";

export type Choice = "system" | "light" | "dark";
export type Theme = "light" | "dark";

interface Chosen {
  choice: Choice;
  theme: Theme;
  setChoice: (choice: Choice) => void;
}

const Held = createContext<Chosen | null>(null);
const DARK = matchMedia("(prefers-color-scheme: dark)");

export function useTheme(): Chosen {
  const chosen = useContext(Held);
  if (chosen === null) throw new Error("no theme");
  return chosen;
}

export function ThemeProvider({ children }: { children: ReactNode }) {
  const [choice, keep] = useState<Choice>(() => {
    const kept = taste.get("theme");
    return kept === "light" || kept === "dark" ? kept : "system";
  });
  const [dark, setDark] = useState(DARK.matches);
  useEffect(() => {
    const follow = () => setDark(DARK.matches);
    DARK.addEventListener("change", follow);
    return () => DARK.removeEventListener("change", follow);
  }, []);
  const theme: Theme = choice === "system" ? (dark ? "dark" : "light") : choice;
  useEffect(() => {
    document.documentElement.dataset["theme"] = theme;
  }, [theme]);
  const chosen = useMemo<Chosen>(
    () => ({
      choice,
      theme,
      setChoice: (given) => {
        taste.set("theme", given);
        keep(given);
      },
    }),
    [choice, theme],
  );
  return <Held.Provider value={chosen}>{children}</Held.Provider>;
}
