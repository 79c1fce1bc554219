/** A seeded person who commands DAGs while things go wrong, and who at the end lets go of whatever they hold. */
import type { DagRecord, TaskRecord } from '../../src/core/change';
import type { Command } from '../../src/core/command';
import { isFinalDag, isFinalTask, type TaskStatus } from '../../src/core/dag';
import type { DagId } from '../../src/core/ids';
import { createRequester } from '../../src/control/requester';
import { approvalOf, oneApproval } from './approvals';
import type { Cluster, Running } from './cluster';
import type { Random } from './random';
import { START_MS, type Shape } from './cluster';
import { MOMENTS, type Moment } from './moments';
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

/** What is asked of a DAG that nobody has begun yet. */
const atOnce = (random: Random, { tasks }: DagRecord): Command => {
  const all = tasks.map(({ task }) => task);
  const kind = random.pick(['pause', 'pause', 'cancel', 'skip', 'mark', 'drain'] as const);
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
  const held = record.tasks.filter(
    ({ status, reason }) => !isFinalTask(status) && reason?.code === 'HELD' && reason.resumeAt === undefined && reason.approval === undefined,
  );
  return held.length === 0 ? approvalOf(record) : { kind: 'release', tasks: held.map(({ task }) => task) };
};

const PATIENCE_MS = 3000;
/** How often, and how many times, it looks for the moment that it waits for. */
const LOOK_MS = 60;
const LOOKS = 25;
const AGAIN_MS = [100, 500] as const;

interface UserNeeds {
  readonly cluster: Cluster;
  readonly random: Random;
  readonly shape: Shape;
  /** When it acts, in milliseconds of the timeline. */
  readonly times: readonly number[];
  /** When it approves something. */
  readonly approvals: readonly number[];
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
  const { cluster, random, times, approvals } = needs;
  const { ask, isDone } = asking(needs);
  const dags: DagId[] = [];
  let waiting = times.length + approvals.length;

  const records = async (): Promise<DagRecord[]> =>
    (await Promise.all(dags.map((dag) => cluster.memory.store.anyDag(dag)))).filter((record) => record !== undefined);

  const act = async (): Promise<void> => {
    const seen = await records();
    waiting -= 1;
    if (seen.length === 0) return;
    const target = random.chance(0.7) ? pickTask(random, seen) : undefined;
    if (target !== undefined) ask(target.record.dag, onTask(random, target.task.task, START_MS + cluster.timeline.now()));
    else {
      const record = random.pick(seen);
      ask(record.dag, onDag(random, record));
    }
  };
  /** Waits for a moment of one kind, for a while. */
  const lieInWait = async (moment: Moment, looks: number): Promise<void> => {
    const found = moment(random, await records(), START_MS + cluster.timeline.now());
    if (found === undefined && looks > 1) {
      soon(LOOK_MS, () => lieInWait(moment, looks - 1));
      return;
    }
    waiting -= 1;
    if (found !== undefined) ask(found.dag, found.command);
  };
  const soon = (ms: number, then: () => Promise<void>): void => {
    cluster.timeline.after(ms, () => {
      cluster.timeline.stirred();
      void then();
    });
  };
  for (const at of times) {
    const moment = random.chance(0.55) ? random.pick(MOMENTS) : undefined;
    soon(at, moment === undefined ? act : () => lieInWait(moment, LOOKS));
  }

  const answers = random.fork('approvals');
  for (const at of approvals)
    soon(at, async () => {
      const found = oneApproval(answers, await records());
      waiting -= 1;
      if (found !== undefined) ask(found.dag, found.command);
    });

  return {
    accepted: (dag) => {
      if (dags.includes(dag)) return;
      dags.push(dag);
      if (!random.chance(0.25)) return;
      cluster.timeline.stirred();
      void cluster.memory.store.anyDag(dag).then((record) => {
        if (record === undefined) return;
        const command = atOnce(random, record);
        ask(dag, command);
        // Before anything is known to have begun.
        if (command.kind === 'pause' && random.chance(0.6)) cluster.timeline.after(random.between(1, 20), () => ask(dag, { kind: 'resume' }));
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
