/** What went before more important tasks because it had aged, or because something is reserved for it: with right, and within its share. */
import { AGED_SHARE, agedPriority } from '../../src/core/fairness';
import { mintedAt, type DagId } from '../../src/core/ids';
import type { PlannedDag } from '../../src/core/dag';
import { FAIRNESS, SKEW_MS, START_MS } from './cluster';
import type { Entry } from './history';
import type { Replayed } from './replay';

type Report = (at: number, what: string) => void;

/** What a share may have saved, and what is heard of others in one go. */
const AT_ONCE = 8;
/**
 * Since when each task waited for its first attempt, as its row says: what is in the log may be committed long after, where PostgreSQL
 * was away. A row that waits for a retry has the number of what comes, and tells when the attempt before was queued.
 */
const queuedAtOf = (entries: readonly Entry[]): Map<string, number> => {
  const queuedAt = new Map<string, number>();
  for (const entry of entries) {
    if (entry.kind !== 'committed') continue;
    for (const { dag, task, dispatch, status, queuedAt: at } of entry.batch.tasks) {
      const queued = status === 'RETRYING' ? dispatch - 1 : dispatch;
      if (queued <= 1 && at !== null) queuedAt.set(`${dag}/${String(task)}`, at - START_MS);
    }
  }
  return queuedAt;
};

/** When each DAG was first commanded. */
const commandedAtOf = (entries: readonly Entry[]): Map<DagId, number> => {
  const commandedAt = new Map<DagId, number>();
  for (const entry of entries) {
    if (entry.kind !== 'appended') continue;
    for (const event of entry.events) if (event.type === 'commanded' && !commandedAt.has(event.dag)) commandedAt.set(event.dag, entry.at);
  }
  return commandedAt;
};

const reservedFor = ({ tenant, name }: PlannedDag): number => FAIRNESS.flows[tenant ?? name]?.reserved ?? 0;

/** No task is sent with a priority above its own unless it has waited for that, or its flow has a share; and none of both exceeds its share. */
export const risenWithRight = (entries: readonly Entry[], report: Report, { becameReady }: Pick<Replayed, 'becameReady'>): void => {
  const dags = new Map<DagId, PlannedDag>();
  /** Of whom nobody knows which priorities its tasks have by now. */
  const commanded = new Set<DagId>();
  const readyAt = new Map(becameReady.map(({ dag, task, since }) => [`${dag}/${String(task)}`, since - START_MS]));
  const queuedAt = queuedAtOf(entries);
  const commandedAt = commandedAtOf(entries);
  const risen = new Map<string, number>();
  let sent = 0;

  const count = (at: number, by: string, what: string, share: number): void => {
    const so = (risen.get(`${by} ${what}`) ?? 0) + 1;
    risen.set(`${by} ${what}`, so);
    if (so > share * sent + AT_ONCE)
      report(at, `${by} sent ${String(so)} of ${String(sent)} tasks because of ${what}, whose share is ${String(share)}`);
  };
  const send = ({ at, by, dag, task, dispatch, priority }: Extract<Entry, { kind: 'sent' }>): void => {
    sent += 1;
    const plan = dags.get(dag);
    const own = plan?.tasks[task]?.priority;
    if (plan === undefined || own === undefined || commanded.has(dag)) return;
    const name = `${dag}/${String(task)}`;
    if (priority < own) report(at, `${by} sent ${name} of priority ${String(own)} with ${String(priority)}`);
    if (priority <= own) return;
    if (reservedFor(plan) > 0) {
      count(at, by, `what is reserved for ${plan.name}`, reservedFor(plan) + AGED_SHARE);
      return;
    }
    count(at, by, 'its age', AGED_SHARE);
    // Where a command made it ready anew after it was sent, that doesn't tell since when it had waited: at most since its DAG came, which
    // is stored long after where PostgreSQL was away.
    const isEarlier = (since: number | undefined): since is number =>
      since !== undefined && (since <= at || since < (commandedAt.get(dag) ?? Infinity));
    const [ready, queued] = [readyAt.get(name), queuedAt.get(name)];
    const since = Math.min(isEarlier(ready) ? ready : mintedAt(dag) - START_MS, isEarlier(queued) ? queued : Infinity);
    if (dispatch === 1 && agedPriority(own, at - since + 2 * SKEW_MS, FAIRNESS.ageingMs) < priority)
      report(at, `${by} sent ${name} of priority ${String(own)} with ${String(priority)} ${String(Math.round(at - since))} ms after it was ready`);
  };

  for (const entry of entries) {
    if (entry.kind === 'stored') dags.set(entry.dag.dagId, entry.dag);
    else if (entry.kind === 'appended') {
      for (const event of entry.events) if (event.type === 'commanded') commanded.add(event.dag);
    } else if (entry.kind === 'sent') send(entry);
  }
};
