import { useEffect, useState, type FormEvent } from "react";

import { Badge } from "./Badge";
import { useSession } from "./session";
import { useTheme, type Choice } from "./theme";
import { useWords, type Language } from "./words";

/** Who asks, and for what; `under`: the purposes of a page that has its own. */
export function Header({ under }: { under: string[] | undefined }) {
  const { words } = useWords();
  return (
    <header>
      <div className="brand">
        <img src="/console/icon.svg" alt="" width="28" height="28" />
        <span>{words.title}</span>
      </div>
      <SessionForm />
      <ActivePurpose under={under} />
    </header>
  );
}

function SessionForm() {
  const { words, language } = useWords();
  const { token, facts, purpose, demo, setToken, setPurpose } = useSession();
  const [typed, setTyped] = useState(token);
  useEffect(() => setTyped(token), [token]);
  const use = (event: FormEvent) => {
    event.preventDefault();
    setToken(typed);
  };
  return (
    <form className="session" aria-label={words.session} onSubmit={use} autoComplete="off">
      <label>
        <span>{words.token}</span>
        {/* Not of the kind "password": a browser would offer to keep it. */}
        <input
          className="secret"
          name="gateway-token"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          placeholder={words.tokenHint}
          autoComplete="off"
          autoCorrect="off"
          autoCapitalize="off"
          spellCheck={false}
          data-1p-ignore
          data-lpignore="true"
        />
      </label>
      <button type="submit">{words.use}</button>
      {token !== "" && (
        <button type="button" className="plain" onClick={() => setToken("")}>
          {words.signOut}
        </button>
      )}
      {demo !== null && (
        <label>
          <span>{words.demoTokens}</span>
          <select
            value={demo.tokens.find((each) => each.token === token)?.name ?? ""}
            onChange={(event) => {
              const chosen = demo.tokens.find((each) => each.name === event.target.value);
              if (chosen !== undefined) setToken(chosen.token);
            }}
          >
            <option value="">{words.choose}</option>
            {demo.tokens.map((each) => (
              <option key={each.name} value={each.name}>
                {each.about[language]}
              </option>
            ))}
          </select>
        </label>
      )}
      {facts !== null && (
        <label>
          <span>{words.purpose}</span>
          <select value={purpose ?? ""} onChange={(event) => setPurpose(event.target.value)}>
            {facts.purposes.map((each) => (
              <option key={each.name} value={each.name}>
                {each.name}
              </option>
            ))}
          </select>
        </label>
      )}
    </form>
  );
}

function ActivePurpose({ under }: { under: string[] | undefined }) {
  const { words } = useWords();
  const { facts, purpose, may } = useSession();
  const fixed = under?.filter(may) ?? [];
  if (fixed.length > 0) {
    return (
      <p className="standing" role="status" aria-label={words.activePurpose(fixed.join(", "))}>
        {fixed.map((each) => (
          <span key={each}>
            <Badge purpose={each} /> <span className="for">{words.purposes[each]}</span>
          </span>
        ))}
      </p>
    );
  }
  if (facts === null || purpose === null) {
    return (
      <p className="standing quiet" role="status">
        {words.noPurpose}
      </p>
    );
  }
  const own = facts.purposes.find((each) => each.name === purpose);
  const bound =
    own?.binding == null ? null : facts.bound.filter((each) => each.includes(own.binding ?? "")).join(", ");
  return (
    <p className="standing" role="status" aria-label={words.activePurpose(purpose)}>
      <Badge purpose={purpose} />
      <span className="for">
        {words.purposes[purpose] ?? own?.sentence}
        {bound ? ` (${words.boundTo(bound)})` : ""}
      </span>
    </p>
  );
}

/** Language and colours. */
export function Appearance() {
  const { words, language, setLanguage } = useWords();
  const { choice, setChoice } = useTheme();
  return (
    <section className="tastes" aria-label={words.looks}>
      <label>
        <span className="hidden">{words.language}</span>
        <select value={language} onChange={(event) => setLanguage(event.target.value as Language)}>
          <option value="en">English</option>
          <option value="de">Deutsch</option>
        </select>
      </label>
      <label>
        <span className="hidden">{words.theme}</span>
        <select value={choice} onChange={(event) => setChoice(event.target.value as Choice)}>
          <option value="system">{words.system}</option>
          <option value="light">{words.light}</option>
          <option value="dark">{words.dark}</option>
        </select>
      </label>
    </section>
  );
}
