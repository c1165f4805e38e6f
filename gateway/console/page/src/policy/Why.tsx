import { Badge } from "../Badge";
import type { Explanation } from "../gateway";
import { useWords } from "../words";

/** Why a purpose sees a field or does not: the rule, its place in the code, what is read, which tests prove it. */
export function Why({ found }: { found: Explanation }) {
  const { words, says } = useWords();
  return (
    <>
      <h2>{found.field}</h2>
      <p>
        <Badge purpose={found.purpose} /> {found.visible ? words.visible : words.notVisible}
        {found.mark !== null && ` (${found.mark})`}
      </p>
      <ul>
        {found.why.map((each) => (
          <li key={each.key}>{says(each)}</li>
        ))}
      </ul>
      <h3>{words.termsAt}</h3>
      <code>{found.terms}</code>
      {found.resolver !== null && (
        <>
          <h3>{words.resolverAt}</h3>
          <code>{found.resolver}</code>
        </>
      )}
      {found.views.length > 0 && (
        <>
          <h3>{words.views}</h3>
          <ul>
            {found.views.map((each) => (
              <li key={each}>
                <code>{each}</code>
              </li>
            ))}
          </ul>
        </>
      )}
      <h3>{words.provedBy}</h3>
      {found.proofs.map((proof) => (
        <details key={proof.invariant}>
          <summary>
            {proof.invariant}: {proof.says} ({proof.tests.length})
          </summary>
          <ul>
            {proof.tests.map((each) => (
              <li key={each}>
                <code>{each}</code>
              </li>
            ))}
          </ul>
        </details>
      ))}
    </>
  );
}
