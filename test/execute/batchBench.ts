/** An executor with a handler that takes many tasks in one call, and answers when the test says so. */
import type { Dispatch } from '../../src/core/event';
import type { BatchLimits, TaskContext } from '../../src/core/handler';
import { VITALS } from '../../src/ports/leases';
import { turns } from '../lifecycle/virtualClock';
import { dispatchOf, startBench } from './bench';

interface BatchCall {
  readonly contexts: readonly TaskContext[];
  readonly names: readonly string[];
  answer(entries: unknown): Promise<void>;
  fail(error: unknown): Promise<void>;
}

export const LIMITS: BatchLimits = { maxSize: 4, maxWaitMs: 20 };

export const startBatchBench = ({ slots = 1, batch = LIMITS, ...more }: { slots?: number; batch?: BatchLimits; leaseLeftMs?: () => number } = {}) => {
  const calls: BatchCall[] = [];
  const handle = (contexts: readonly TaskContext[]): Promise<readonly unknown[]> =>
    new Promise((resolve, reject) => {
      calls.push({
        contexts,
        names: contexts.map(({ task }) => task.name),
        answer: async (entries) => {
          resolve(entries as readonly unknown[]);
          await turns();
        },
        fail: async (error) => {
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- handlers may throw anything
          reject(error);
          await turns();
        },
      });
    });
  const single = ({ task }: TaskContext): Promise<unknown> => Promise.resolve(`single ${task.name}`);
  const bench = startBench({
    slots,
    handlers: new Map<string, typeof single | { handle: typeof handle; batch: BatchLimits }>([
      ['ROW', { handle, batch }],
      ['API_CALL', single],
    ]),
    ...more,
  });
  const rows = (from: number, to: number, other: Partial<Dispatch> = {}): Dispatch[] =>
    Array.from({ length: to - from + 1 }, (_, i) => dispatchOf(from + i, { type: 'ROW', ...other }));
  return {
    ...bench,
    calls,
    rows,
    called: () => calls.map(({ names }) => names.join(' ')),
    ends: () => bench.reports.map((report) => [report.type, 'task' in report ? report.task : undefined]),
    later: async (ms: number) => {
      await bench.clock.advance(ms);
      bench.executor.tick();
      await turns();
    },
    shown: () => [VITALS.freeSlots, VITALS.held].map((cell) => Atomics.load(bench.vitals.cells, cell)),
  };
};
