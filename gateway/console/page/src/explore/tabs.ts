/* GraphiQL's tabs, said so that a screen reader understands them.

   They are list items with the role of a tab and buttons within, which ARIA forbids: a screen reader reaches
   either the tab or its buttons. Here the list is a group, and the button of the tab that is open says so. */

const LIST = ".graphiql-container .graphiql-tabs";

/** Mend the tabs as long as the page is open; the returned function ends that. */
export function mendTabs(root: HTMLElement, label: string): () => void {
  const watching = new MutationObserver(() => mend(root, label));
  const options = {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ["role", "tabindex", "aria-selected"],
  };
  watching.observe(root, options);
  mend(root, label);
  return () => watching.disconnect();
}

function mend(root: HTMLElement, label: string): void {
  const list = root.querySelector(LIST);
  if (list === null) return;
  put(list, "role", "group");
  put(list, "aria-label", label);
  for (const item of list.querySelectorAll(":scope > li")) {
    const open = item.classList.contains("graphiql-tab-active");
    put(item, "role", "presentation");
    item.removeAttribute("aria-selected");
    item.removeAttribute("tabindex");
    const button = item.querySelector(".graphiql-tab-button");
    if (button !== null) put(button, "aria-current", String(open));
  }
}

/** Sets an attribute if it differs: an observer would see an equal value as a change, without end. */
function put(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
