import { useEffect, useState } from "react";

import { useSession } from "./session";

/** The answer to `ask`. Until it arrives: the previous answer, or null. Null without a question.

    A failure is shown on the whole page. `ask` must be the same function as long as the question is the same. */
export function useAnswer<T>(ask: (() => Promise<T>) | null): T | null {
  const { reportTrouble } = useSession();
  const [answer, setAnswer] = useState<T | null>(null);
  useEffect(() => {
    if (ask === null) return;
    let current = true;
    ask().then(
      (found) => {
        if (current) setAnswer(found);
      },
      (error: unknown) => {
        if (current) reportTrouble(error);
      },
    );
    return () => {
      current = false;
    };
  }, [ask, reportTrouble]);
  return ask === null ? null : answer;
}
