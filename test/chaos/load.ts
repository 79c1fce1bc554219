/** A sustained load of DAGs, submitted to whichever scheduler answers, each followed to its end. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { DagSubmission } from '../../src/sdk';
import { createClient } from '../../src/sdk';
import type { Ran } from '../harness/proof';

export interface LoadSettings {
  /** The addresses of the schedulers, as they are at that moment. */
  readonly urls: () => readonly string[];
  /** DAGs that are open at once. */
  readonly lanes: number;
  /** Tasks beside each other in each DAG's two broad levels. */
  readonly width: number;
}

export interface Load {
  /** DAGs that got their 201 and weren't seen final yet. */
  open(): string[];
  /** Resolves when every DAG that got its 201 before this call is final; answers those that aren't after `timeoutMs`. */
  settle(timeoutMs: number): Promise<string[]>;
  /** What was submitted since the last call of this and is final. */
  take(): Ran[];
  stop(): Promise<void>;
}

const TYPE = 'EFFECT';

/** 1 → width → 1 → width → 1, each task 50 to 700 ms: at every moment some run, some wait and some are ready. */
export const dagOf = (dagName: string, width: number): DagSubmission => {
  const row = (level: number, count: number, dependencies: readonly string[]) =>
    Array.from({ length: count }, (_, i) => ({
      taskName: `${level}.${i}`,
      type: TYPE,
      dependencies: [...dependencies],
      payload: { ms: 50 + Math.floor(Math.random() * 650) },
      timeoutSeconds: 600,
      maxRetries: 3,
    }));
  const levels = [1, width, 1, width, 1];
  const tasks = levels.flatMap((count, level) =>
    row(level, count, level === 0 ? [] : Array.from({ length: levels[level - 1]! }, (_, i) => `${level - 1}.${i}`)),
  );
  return { dagName, tasks };
};

/** What each task of a DAG must answer: one more than its dependencies' answers together. */
export const expectedValues = ({ tasks }: DagSubmission): Map<string, number> => {
  const values = new Map<string, number>();
  for (const { taskName, dependencies = [] } of tasks)
    values.set(
      taskName,
      dependencies.reduce((sum, name) => sum + values.get(name)!, 1),
    );
  return values;
};

/** Begins at once. */
export const startLoad = ({ urls, lanes, width }: LoadSettings): Load => {
  const stopping = new AbortController();
  const isStopped = (): boolean => stopping.signal.aborted;
  let number = 0;
  const open = new Map<string, { readonly ran: Ran; readonly final: Promise<void> }>();
  let ended: Ran[] = [];

  /** Asks one scheduler after another until one answers. */
  const somewhere = async <T>(ask: (api: ReturnType<typeof createClient>) => Promise<T>): Promise<T> => {
    for (let turn = Math.floor(Math.random() * 2); ; turn++) {
      const list = urls();
      try {
        return await ask(createClient({ url: list[turn % list.length]!, timeoutMs: 3_000, retries: 0 }));
      } catch (error) {
        if (isStopped()) throw error;
        await pause(100);
      }
    }
  };
  const follow = async (ran: Ran): Promise<void> => {
    for (let isFinal = false; !isFinal;) {
      isFinal = (await somewhere((api) => api.dag(ran.dagId, 2))).completedAt !== null;
      if (isStopped()) return;
    }
    open.delete(ran.dagId);
    ended.push(ran);
  };
  const lane = async (): Promise<void> => {
    while (!isStopped()) {
      const submission = dagOf(`load ${(number += 1)}`, width);
      const idempotencyKey = randomUUID();
      try {
        const { dagId } = await somewhere((api) => api.submit(submission, { idempotencyKey }));
        const ran = { submission, dagId };
        const final = follow(ran);
        open.set(dagId, { ran, final });
        await final;
      } catch (error) {
        if (!isStopped()) throw error;
      }
    }
  };
  const all = Promise.all(Array.from({ length: lanes }, lane));
  return {
    open: () => [...open.keys()],
    settle: async (timeoutMs) => {
      const waited = [...open];
      const over = new AbortController();
      await Promise.race([
        Promise.all(waited.map(([, { final }]) => final)),
        pause(timeoutMs, undefined, { signal: over.signal }).catch(() => undefined),
      ]);
      over.abort();
      return waited.map(([dagId]) => dagId).filter((dagId) => open.has(dagId));
    },
    take: () => {
      const taken = ended;
      ended = [];
      return taken;
    },
    stop: async () => {
      stopping.abort();
      await all.catch(() => undefined);
    },
  };
};
