/**
 * How V8 uses memory. Left alone it keeps for ever what starting has left behind, and lets a large heap grow to four times of what lives
 * in it before it collects, so that most of what a backlog took was garbage.
 */
import { constants, PerformanceObserver, type NodeGCPerformanceDetail, type PerformanceEntry } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What lives in a busy process without a backlog is less: there, memory is cheaper than collecting more often. */
const LARGE_BYTES = 64 * 1024 * 1024;
/** By how much more than lives in it a large heap grows until it is collected. */
const GROWTH_PERCENT = 40;
const V8S_OWN_CHOICE = 0;

const isMajor = (entry: PerformanceEntry & { readonly detail?: NodeGCPerformanceDetail }): boolean =>
  entry.detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR;

/** From now on a large heap grows in small steps, as each full collection finds it. */
const watchSize = (): void => {
  new PerformanceObserver((list) => {
    if (!list.getEntries().some(isMajor)) return;
    const percent = getHeapStatistics().used_heap_size > LARGE_BYTES ? GROWTH_PERCENT : V8S_OWN_CHOICE;
    setFlagsFromString(`--heap-growing-percent=${String(percent)}`);
  }).observe({ entryTypes: ['gc'] });
};

/** What is young has little room until `settled` is called: what begins then has it all to itself. V8's flags hold for all threads. */
export const startSmall = (): { readonly settled: () => void } => {
  setFlagsFromString('--semi-space-growth-factor=1');
  return {
    settled: () => {
      setFlagsFromString('--semi-space-growth-factor=2');
      collect();
      watchSize();
    },
  };
};

/** Collects the garbage of this thread: once, where a start has left much of it and little comes after. */
export const collect = (): void => {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  setFlagsFromString('--no-expose-gc');
};
