import { useEffect, useState } from "react";

import { useSession } from "./session";

/** The answer to `ask`: until it comes that to the one before, or null; null without a question.

    What went wrong all of the page is told. `ask` must be the same function as long as it asks the same. */
export function useAnswer<T>(ask: (() => Promise<T>) | null): T | null {
  const { tell } = useSession();
  const [answer, setAnswer] = useState<T | null>(null);
  useEffect(() => {
    if (ask === null) return;
    let current = true;
    ask().then(
      (found) => {
        if (current) setAnswer(found);
      },
      (error: unknown) => {
        if (current) tell(error);
      },
    );
    return () => {
      current = false;
    };
  }, [ask, tell]);
  return ask === null ? null : answer;
}
