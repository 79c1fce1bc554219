/** The views of a DAG; which one is shown is part of the address. */
import { useLayoutEffect, useRef } from 'preact/hooks';
import { goWith } from '../routing/router';

export const TABS = ['graph', 'timeline', 'tasks', 'history', 'runs', 'compare'] as const;
export type Tab = (typeof TABS)[number];

const WORDS: Readonly<Record<Tab, string>> = {
  graph: 'Graph',
  timeline: 'Timeline',
  tasks: 'Tasks',
  history: 'History',
  runs: 'Runs',
  compare: 'Compare',
};

export const tabOf = (text: string | undefined): Tab => TABS.find((tab) => tab === text) ?? 'graph';

const show = (tab: Tab): void => {
  goWith({ tab: tab === 'graph' ? undefined : tab });
};

export const Tabs = ({ shown }: { readonly shown: Tab }) => {
  const list = useRef<HTMLDivElement>(null);
  // On a phone there is room for some of them.
  useLayoutEffect(() => {
    const [frame, tab] = [list.current!, list.current!.querySelector(`#tab-${shown}`)!];
    const [around, inside] = [frame.getBoundingClientRect(), tab.getBoundingClientRect()];
    frame.scrollLeft += inside.left + inside.width / 2 - (around.left + around.width / 2);
  }, [shown]);
  const move = (by: number): void => {
    const next = TABS[(TABS.indexOf(shown) + by + TABS.length) % TABS.length]!;
    show(next);
    list.current?.querySelector<HTMLElement>(`#tab-${next}`)?.focus();
  };
  return (
    <div
      ref={list}
      class="tabs"
      role="tablist"
      aria-label="Views of the DAG"
      onKeyDown={({ key }) => {
        if (key === 'ArrowRight') move(1);
        if (key === 'ArrowLeft') move(-1);
      }}
    >
      {TABS.map((tab) => (
        <button
          key={tab}
          id={`tab-${tab}`}
          type="button"
          role="tab"
          class="tab"
          aria-selected={tab === shown}
          aria-controls="tab-panel"
          tabIndex={tab === shown ? 0 : -1}
          onClick={() => {
            show(tab);
          }}
        >
          {WORDS[tab]}
        </button>
      ))}
    </div>
  );
};
