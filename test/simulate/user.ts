/** A seeded person who commands DAGs while things go wrong, and who at the end lets go of whatever they hold. */
import type { DagRecord, TaskRecord } from '../../src/core/change';
import type { Command } from '../../src/core/command';
import { isFinalDag, isFinalTask, type TaskStatus } from '../../src/core/dag';
import type { DagId } from '../../src/core/ids';
import { createRequester } from '../../src/control/requester';
import type { Cluster, Running } from './cluster';
import type { Random } from './random';
import { START_MS, type Shape } from './cluster';
import { drawEdit } from './workload';

export interface User {
  /** A DAG was accepted: some of them are commanded at once. */
  accepted(dag: DagId): void;
  /** From now on nothing new is begun: what is paused is resumed and what is held is released, until all goes by itself. */
  letGo(): Promise<void>;
  /** Whether every command that was begun is answered. */
  isDone(): boolean;
}

interface Target {
  readonly record: DagRecord;
  readonly task: TaskRecord;
}

/** A status first and a task of it then, so that rare and short ones are met too. */
const pickTask = (random: Random, records: readonly DagRecord[]): Target | undefined => {
  const byStatus = new Map<TaskStatus, Target[]>();
  for (const record of records)
    for (const task of record.tasks) {
      const same = byStatus.get(task.status) ?? [];
      byStatus.set(task.status, same);
      same.push({ record, task });
    }
  const all = [...byStatus.values()];
  return all.length === 0 ? undefined : random.pick(random.pick(all));
};

const TASK_COMMANDS = ['cancel', 'hold', 'release', 'skip', 'mark', 'mark as failed', 'retry', 'rerun'] as const;

const onTask = (random: Random, task: number, nowMs: number): Command => {
  const kind = random.pick(TASK_COMMANDS);
  switch (kind) {
    case 'hold':
      return { kind, tasks: [task], resumeAt: random.chance(0.5) ? null : Math.floor(nowMs + random.between(5, 1500)) };
    case 'mark':
      return { kind, task, as: 'COMPLETED', result: random.chance(0.5) ? '"by hand"' : null };
    case 'mark as failed':
      return { kind: 'mark', task, as: 'FAILED' };
    case 'retry':
      return { kind, tasks: [task], downstream: random.chance(0.5), ...(random.chance(0.2) ? { payload: '{"again":true}' } : {}) };
    case 'rerun':
      return { kind, task };
    default:
      return { kind, tasks: [task] };
  }
};

const DAG_COMMANDS = ['cancel', 'pause', 'pause', 'resume', 'drain', 'drain', 'retry', 'rerun', 'edit', 'edit'] as const;

const onDag = (random: Random, record: DagRecord): Command => {
  const kind = random.pick(DAG_COMMANDS);
  switch (kind) {
    case 'cancel':
      return { kind, tasks: null };
    case 'retry':
      return { kind, tasks: null, downstream: random.chance(0.5) };
    case 'rerun':
      return { kind, task: null };
    case 'edit':
      return { kind, edit: drawEdit(random, record) };
    default:
      return { kind };
  }
};

/** Gives a final DAG another end: its only failure is marked as complete. */
const repaired = (random: Random, records: readonly DagRecord[]): { readonly dag: DagId; readonly command: Command } | undefined => {
  const broken = records.filter(({ status, failedTasks, cancelledTasks }) => isFinalDag(status) && failedTasks + cancelledTasks > 0);
  if (broken.length === 0) return undefined;
  const record = random.pick([...broken].sort((a, b) => a.failedTasks + a.cancelledTasks - b.failedTasks - b.cancelledTasks).slice(0, 2));
  const task = record.tasks.find(({ status }) => status === (record.failedTasks > 0 ? 'FAILED' : 'CANCELLED'));
  return task === undefined ? undefined : { dag: record.dag, command: { kind: 'mark', task: task.task, as: 'COMPLETED' } };
};

/** What is asked of a DAG that nobody has begun yet. */
const atOnce = (random: Random, { tasks }: DagRecord): Command => {
  const all = tasks.map(({ task }) => task);
  const kind = random.pick(['pause', 'cancel', 'skip', 'mark', 'drain'] as const);
  switch (kind) {
    case 'cancel':
      return { kind, tasks: null };
    case 'skip':
      return { kind, tasks: all };
    case 'mark':
      return { kind, task: 0, as: 'FAILED' };
    default:
      return { kind };
  }
};

/** What of a DAG waits for a person. */
const lettingGo = (record: DagRecord): Command | undefined => {
  if (record.status === 'PAUSED') return { kind: 'resume' };
  const held = record.tasks.filter(({ status, reason }) => !isFinalTask(status) && reason?.code === 'HELD' && reason.resumeAt === undefined);
  return held.length === 0 ? undefined : { kind: 'release', tasks: held.map(({ task }) => task) };
};

const PATIENCE_MS = 3000;
const AGAIN_MS = [100, 500] as const;

interface UserNeeds {
  readonly cluster: Cluster;
  readonly random: Random;
  readonly shape: Shape;
  /** When it acts, in milliseconds of the timeline. */
  readonly times: readonly number[];
}

/** Stores a command through some scheduler, and through another with the same key until one answers. */
const asking = ({ cluster, random, shape }: UserNeeds) => {
  let open = 0;
  let keys = 0;
  const requesterIn = ({ process, commands, log }: Running) =>
    createRequester({
      commands: commands!,
      // The same key always comes with the same command.
      views: { command: () => Promise.resolve(undefined) },
      log: log!,
      clock: process.main.clock,
      announce: cluster.count,
      listen: () => undefined,
      waitMs: 200,
      mostWaiting: 100,
    });
  const attempt = (dag: DagId, command: Command, key: string): void => {
    let answered = false;
    const again = (): void => {
      if (answered) return;
      answered = true;
      cluster.timeline.after(random.between(...AGAIN_MS), () => attempt(dag, command, key));
    };
    const running = cluster.find(`scheduler-${String(random.whole(0, shape.schedulers - 1))}`);
    if (running?.commands === undefined || !running.process.isAlive()) {
      again();
      return;
    }
    cluster.timeline.after(PATIENCE_MS, again);
    const wanted = { dag, command, by: 'user', reason: null, notBefore: null, key };
    running.process.main.turn('answer', () => {
      requesterIn(running)
        .request(wanted, new AbortController().signal)
        .then(({ id }) => {
          if (answered) return;
          answered = true;
          open -= 1;
          cluster.history.add({ kind: 'commanded', id, dag, command });
        }, again);
    });
  };
  return {
    ask: (dag: DagId, command: Command): void => {
      open += 1;
      cluster.count(`command: ${command.kind}`);
      attempt(dag, command, `command ${String(keys++)}`);
    },
    isDone: () => open === 0,
  };
};

/** Makes a user, who acts at the given times. */
export const createUser = (needs: UserNeeds): User => {
  const { cluster, random, times } = needs;
  const { ask, isDone } = asking(needs);
  const dags: DagId[] = [];
  let waiting = times.length;

  const records = async (): Promise<DagRecord[]> =>
    (await Promise.all(dags.map((dag) => cluster.memory.store.anyDag(dag)))).filter((record) => record !== undefined);

  const act = async (): Promise<void> => {
    const seen = await records();
    waiting -= 1;
    if (seen.length === 0) return;
    const draw = random.next();
    const repair = draw < 0.1 ? repaired(random, seen) : undefined;
    if (repair !== undefined) {
      ask(repair.dag, repair.command);
      return;
    }
    const target = draw < 0.75 ? pickTask(random, seen) : undefined;
    if (target !== undefined) ask(target.record.dag, onTask(random, target.task.task, START_MS + cluster.timeline.now()));
    else {
      const record = random.pick(seen);
      ask(record.dag, onDag(random, record));
    }
  };
  for (const at of times)
    cluster.timeline.after(at, () => {
      cluster.timeline.stirred();
      void act();
    });

  return {
    accepted: (dag) => {
      if (dags.includes(dag)) return;
      dags.push(dag);
      if (!random.chance(0.2)) return;
      cluster.timeline.stirred();
      void cluster.memory.store.anyDag(dag).then((record) => {
        if (record !== undefined) ask(dag, atOnce(random, record));
      });
    },
    letGo: async () => {
      for (const record of await records()) {
        const command = isFinalDag(record.status) ? undefined : lettingGo(record);
        if (command !== undefined) ask(record.dag, command);
      }
    },
    isDone: () => waiting === 0 && isDone(),
  };
};
