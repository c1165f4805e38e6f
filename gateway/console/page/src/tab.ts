/* What the page keeps: in this tab alone, until it is closed. Neither a token nor a question that may
   hold a number of somebody outlives it or reaches another tab. Only language and theme stay. */

const memory = new Map<string, string>();

/** Storage of the tab; of the page's life where the browser keeps none. */
export const tab: Storage = {
  get length() {
    return attempt(() => sessionStorage.length) ?? memory.size;
  },
  key: (place) => attempt(() => sessionStorage.key(place)) ?? [...memory.keys()][place] ?? null,
  getItem: (name) => attempt(() => sessionStorage.getItem(name)) ?? memory.get(name) ?? null,
  setItem: (name, value) => {
    // Full, or forbidden: what one writes must not be lost while the page stands.
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

/** What a person chose about the look of the page, kept for the next time. */
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
