/* Storage of the page. Tokens and questions stay in this tab until it is closed, because a question may
   contain a person's number. Language and theme are kept for the next visit. */

const memory = new Map<string, string>();

/** The tab's session storage; memory if the browser offers none. */
export const tab: Storage = {
  get length() {
    return attempt(() => sessionStorage.length) ?? memory.size;
  },
  key: (place) => attempt(() => sessionStorage.key(place)) ?? [...memory.keys()][place] ?? null,
  getItem: (name) => attempt(() => sessionStorage.getItem(name)) ?? memory.get(name) ?? null,
  setItem: (name, value) => {
    // The browser may refuse to store: the text must survive as long as the page is open.
    memory.set(name, value);
    attempt(() => sessionStorage.setItem(name, value));
  },
  removeItem: (name) => {
    memory.delete(name);
    attempt(() => sessionStorage.removeItem(name));
  },
  clear: () => {
    memory.clear();
    attempt(() => sessionStorage.clear());
  },
};

/** Language and theme, kept for the next visit. */
export const taste = {
  get: (name: string): string | null => attempt(() => localStorage.getItem(`console ${name}`)) ?? null,
  set: (name: string, value: string): void =>
    void attempt(() => localStorage.setItem(`console ${name}`, value)),
};

function attempt<T>(doing: () => T): T | undefined {
  try {
    return doing();
  } catch {
    return undefined;
  }
}
