/** Where the keyboard is: it must never be nowhere. */

/** An element, and what it is in, from the inside out. */
export const wayTo = (element: Element | null): readonly HTMLElement[] => {
  const way: HTMLElement[] = [];
  for (let each = element; each !== null && each !== document.body; each = each.parentElement) if (each instanceof HTMLElement) way.push(each);
  return way;
};

const isNowhere = (): boolean => document.activeElement === null || document.activeElement === document.body;

const takesFocus = (element: HTMLElement): boolean => {
  element.focus({ preventScroll: true });
  return document.activeElement === element;
};

/** Gives the focus to the innermost that is still there and takes it, to the page's content at last; leaves it where somebody has it. */
export const giveBack = (way: readonly HTMLElement[]): void => {
  if (!isNowhere() || way.some((element) => element.isConnected && takesFocus(element))) return;
  document.getElementById('content')?.focus({ preventScroll: true });
};

/** What is focused may be taken away: a button that was pressed, a row that is gone, a page that was left. What it was in has the focus then. */
export const keepFocus = (): void => {
  let way: readonly HTMLElement[] = [];
  document.addEventListener('focusin', ({ target }) => {
    if (target instanceof Element) way = wayTo(target);
  });
  new MutationObserver(() => {
    if (way[0]?.isConnected === false) giveBack(way);
  }).observe(document.body, { childList: true, subtree: true });
};
