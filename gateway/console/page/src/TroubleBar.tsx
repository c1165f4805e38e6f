import { useSession } from "./session";
import { useWords } from "./words";

/** What is wrong with the session, and what to do. */
export function TroubleBar() {
  const { words } = useWords();
  const { trouble, again, dismissTrouble } = useSession();
  if (trouble === null) return null;
  return (
    <div className="trouble" role="alert">
      <span>
        {words.trouble[trouble.kind]} {trouble.code !== "" && <code>{trouble.code}</code>}
      </span>
      <button type="button" onClick={again}>
        {words.again}
      </button>
      {trouble.kind !== "token" && (
        <button type="button" onClick={dismissTrouble}>
          {words.dismiss}
        </button>
      )}
    </div>
  );
}
