/** What is sent first, as the history tells it. */
import { isFinalTask } from '../../src/core/dag';
import { shardOf, type DagId } from '../../src/core/ids';
import type { Entry } from './history';
import { createLimited } from './limits';
import type { Replayed } from './replay';

type Report = (at: number, what: string) => void;

/** A task whose first dispatch may be sent, and its owner knows it. */
interface Waiting {
  readonly since: number;
  readonly owner: string;
  readonly shard: number;
  readonly priority: number;
  /** How many that matter less its owner has sent since. */
  overtaken: number;
}

/** Long enough for the inputs of a task to be read, and for a scheduler to hear what waits at the others. */
const LONGEST_MS = 250;
/** From the moment at which a scheduler gives a shard up until another one has it. */
const HANDOVER_MS = 1000;
/** The longest from a takeover until its shard is loaded and the mark is set. */
const MARKED_MS = 3000;
const TROUBLE = ['postgres', 'kafka', 'redis', 'topics', 'scheduler'];

/** What all workers of a run are sent at once. */
const windowOf = (entries: readonly Entry[]): number => {
  const windows = new Map<string, number>();
  for (const entry of entries) if (entry.kind === 'session') windows.set(entry.process.split('.')[0]!, entry.window);
  return [...windows.values()].reduce((sum, each) => sum + each, 0);
};

/**
 * No task is sent while its sender has had a more important one waiting for longer than a moment and has sent a full window of
 * less important ones since; what has risen by its age or by what is reserved for it counts as what it was sent with, and `risen.ts` bounds how much that is. Times of trouble with what a send needs don't count, nor do DAGs that a person has commanded, and tasks that
 * may wait behind a limit.
 */
export const higherFirst = (entries: readonly Entry[], report: Report, { becameReady }: Replayed): void => {
  /** DAGs of which a command is in the log: before that nobody can have obeyed it. */
  const commanded = new Set<DagId>();
  const limited = createLimited();
  const window = windowOf(entries);
  const waiting = new Map<string, Waiting>();
  /** A first dispatch may leave before the commit that made it ready. */
  const sent = new Set<string>();
  const epochs = entries.filter((entry) => entry.kind === 'epoch');
  /** Whether a shard is given up about now: it is handed over before its next owner's epoch tells. */
  const isHandedOver = (shard: number, at: number): boolean =>
    epochs.some((epoch) => epoch.shard === shard && epoch.at > at && epoch.at <= at + HANDOVER_MS);
  const marks = entries.flatMap((entry) =>
    entry.kind === 'appended' && entry.events.some(({ type }) => type === 'marked') ? [{ shard: entry.shard, at: entry.at }] : [],
  );
  /** From when on a shard's owner may hand out what it took over: once a mark that it set in the log has come back. */
  const handedOut = new Map<number, number>();
  const takenOver = (shard: number, at: number): void => {
    handedOut.set(shard, marks.find((mark) => mark.shard === shard && mark.at > at && mark.at <= at + MARKED_MS)?.at ?? at);
  };
  let troubles = 0;
  let next = 0;
  const take = (entry: Entry): void => {
    if (entry.kind === 'fault' && TROUBLE.some((kind) => entry.fault.startsWith(kind))) {
      troubles += 1;
      waiting.clear();
    }
    if (entry.kind === 'healed' && TROUBLE.some((kind) => entry.fault.startsWith(kind))) troubles -= 1;
    if (entry.kind === 'appended')
      for (const event of entry.events) {
        if (event.type !== 'commanded') continue;
        commanded.add(event.dag);
        for (const key of waiting.keys()) if (key.startsWith(`${event.dag}/`)) waiting.delete(key);
      }
    if (entry.kind === 'epoch') takenOver(entry.shard, entry.at);
    if (entry.kind === 'epoch') for (const [key, { shard }] of waiting) if (shard === entry.shard) waiting.delete(key);
    if (entry.kind === 'committed')
      for (const { dag, task, status } of entry.batch.tasks)
        if (isFinalTask(status) || status === 'CANCELLING') waiting.delete(`${dag}/${String(task)}`);
    if (entry.kind === 'sent') send(entry);
  };
  const send = ({ at, by, dag, task, priority }: Extract<Entry, { kind: 'sent' }>): void => {
    waiting.delete(`${dag}/${String(task)}`);
    sent.add(`${dag}/${String(task)}`);
    for (const [key, other] of waiting) {
      if (other.owner !== by || other.priority <= priority) continue;
      other.overtaken += 1;
      const since = Math.max(other.since, handedOut.get(other.shard) ?? 0);
      if (other.overtaken <= window || at - since <= LONGEST_MS || isHandedOver(other.shard, at)) continue;
      waiting.delete(key);
      const [own, its] = [String(priority), String(other.priority)];
      report(at, `${by} sent ${dag}/${String(task)} of priority ${own} while ${key} of ${its} waited since ${String(Math.round(since))} ms`);
    }
  };
  for (const entry of entries) {
    limited.learn(entry);
    for (; next < becameReady.length && becameReady[next]!.at <= entry.at; next++) {
      const { at, owner, dag, task, priority } = becameReady[next]!;
      if (troubles === 0 && !commanded.has(dag) && !limited.isLimited(dag, task) && !sent.has(`${dag}/${String(task)}`))
        waiting.set(`${dag}/${String(task)}`, { since: at, owner, shard: shardOf(dag), priority, overtaken: 0 });
    }
    take(entry);
  }
};
