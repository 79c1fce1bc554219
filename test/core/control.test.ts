/** Sentences about the law that stay true whatever is commanded, with every trigger rule and deadline, over restarts. */
import fc from 'fast-check';
import { applyEvent } from '../../src/core/applyEvent';
import { isFinalDag, isFinalTask, type PlannedDag, type TriggerRule } from '../../src/core/dag';
import { nextDeadline } from '../../src/core/deadlines';
import type { LawSettings } from '../../src/core/law';
import { runOfRecord } from '../../src/core/restore';
import { recount } from '../../src/core/rules';
import { isCutOff, isEnding, runOfPlan, taskCount, type Run } from '../../src/core/run';
import { CODE, DAG_MOVES, statusOf, TASK_MOVES } from '../../src/core/states';
import { newStep, type Step } from '../../src/core/step';
import { anyDag, anyMove, eventOf, nextTowardsEnd, tasksIn, TICK_MS } from './anyHistory';
import { changesOf, completed, DAG, planOf, plannedTask, rowsOf, T0, type LawEvent, type Rows } from './model';

const LAW: LawSettings = { maxLosses: 2, maxDeaths: 1, maxKills: 1, cascadeLimit: 3 };

const must = (holds: boolean, what: string): void => {
  if (!holds) throw new Error(what);
};
/** After every event of every history: an expect() here would take more time than all that is looked at. */
const mustBe = (found: ArrayLike<number>, wanted: ArrayLike<number>, what: string): void => {
  const [is, shallBe] = [Array.from(found).join(), Array.from(wanted).join()];
  must(is === shallBe, `${what}: ${is}, not ${shallBe}`);
};

const applyAt = (step: Step, run: Run, event: LawEvent, now: number): void => {
  applyEvent(step, event, { runs: new Map([[run.dag, run]]), now, law: LAW });
};

/** The trigger rules as they are written down, over the states of all parents. */
const ruleSays = (run: Run, task: number): 'start' | 'never' | 'wait' => {
  const parents = run.specs[task]!.dependencies.map((parent) => ({ status: statusOf(run.state[parent]!), reason: run.reasons.get(parent)?.code }));
  const done = parents.every(({ status }) => isFinalTask(status));
  const succeeded = parents.filter(({ status }) => status === 'COMPLETED').length;
  const bad = parents.some(({ status, reason }) => isFinalTask(status) && status !== 'COMPLETED' && reason !== 'SKIPPED_BY_HAND');
  const rule: TriggerRule = run.specs[task]!.options?.triggerRule ?? 'all_success';
  if (rule === 'always') return 'start';
  if (rule === 'all_done') return done ? 'start' : 'wait';
  if (rule === 'one_success') return succeeded > 0 || parents.length === 0 ? 'start' : done ? 'never' : 'wait';
  if (rule === 'none_failed') return bad ? 'never' : done ? 'start' : 'wait';
  if (succeeded === parents.length) return 'start';
  return parents.some(({ status }) => isFinalTask(status) && status !== 'COMPLETED') ? 'never' : 'wait';
};

const REASONS: Readonly<Record<string, readonly (string | undefined)[]>> = {
  PENDING: [undefined, 'HELD'],
  QUEUED: [undefined],
  RUNNING: [undefined],
  RETRYING: [undefined],
  COMPLETED: [undefined, 'MARKED_COMPLETED'],
  FAILED: [undefined, 'MARKED_FAILED', 'TIMED_OUT'],
  SKIPPED: ['UPSTREAM', 'SKIPPED_BY_HAND'],
  CANCELLED: ['CANCELLED', 'REMOVED', 'DRAINED', 'DAG_TIMEOUT'],
};

const checkTask = (run: Run, task: number): void => {
  const status = statusOf(run.state[task]!);
  const reason = run.reasons.get(task);
  if (status === 'CANCELLING') must(reason !== undefined, 'CANCELLING leads nowhere');
  else must(REASONS[status]!.includes(reason?.code), `${status} for ${String(reason?.code)}`);
  must(!(status === 'RUNNING') || run.running.has(task), 'RUNNING with nobody');
  must(!run.running.has(task) || status === 'RUNNING' || status === 'CANCELLING', `an execution of a task that is ${status}`);
  if (status === 'RETRYING') must(run.dueTimes.has(task), 'RETRYING without an end');
  else {
    const [since, unblockedAt] = [run.since[task]!, run.unblockedAt[task]!];
    const due = nextDeadline({ code: run.state[task]!, options: run.specs[task]!.options, since, unblockedAt, reason });
    const wanted = isFinalTask(status) || status === 'CANCELLING' ? undefined : due;
    must(run.dueTimes.get(task) === wanted, `due at ${String(run.dueTimes.get(task))}, not ${String(wanted)}`);
  }
  // Nothing waits for nothing, and nothing waits in vain.
  if (status === 'PENDING' && reason === undefined && !isCutOff(run)) must(ruleSays(run, task) === 'wait', `PENDING for ${ruleSays(run, task)}`);
  if (status === 'PENDING' && reason !== undefined && !isCutOff(run)) must(ruleSays(run, task) !== 'never', 'held for ever');
  // Whoever has to approve is asked exactly while nothing else is waited for.
  if (status === 'PENDING' && reason?.approval !== undefined && !isCutOff(run) && !isEnding(run))
    must((reason.approval === 'AWAITED') === (ruleSays(run, task) === 'start'), `${reason.approval} for ${ruleSays(run, task)}`);
  must(reason?.approval === undefined || run.specs[task]!.options?.requiresApproval === true, 'an approval that nobody requires');
};

const countersOf = ({ unmet, tally }: Run): number[] => [...unmet, ...(tally === null ? [] : [-1, ...tally.open, -1, ...tally.bad])];

const checkRun = (run: Run): void => {
  const count = (code: number) => tasksIn(run, code).length;
  const counted = [count(CODE.COMPLETED), count(CODE.FAILED), count(CODE.SKIPPED), count(CODE.CANCELLED)];
  mustBe([run.completed, run.failed, run.skipped, run.cancelled], counted, 'it counts otherwise');
  must(isFinalDag(run.status) === (counted.reduce((a, b) => a + b) === taskCount(run)), 'final is not what its counters say');
  if (run.failed > 0 && isFinalDag(run.status)) must(run.status === 'FAILED', 'a failure that is no failure');
  must(run.status !== 'PAUSED' || run.reason?.code === 'PAUSED', 'PAUSED for nothing');
  must(run.reason?.code !== 'PAUSED' || run.status === 'PAUSED', 'nothing paused it');
  for (let task = 0; task < taskCount(run); task++) checkTask(run, task);
  const before = countersOf(run);
  recount(run);
  mustBe(countersOf(run), before, 'its counters are not those of its rows');
};

interface Seen {
  readonly status: Run['status'];
  readonly state: Uint8Array;
  readonly dispatch: Uint16Array;
  readonly cutOff: boolean;
  readonly unapproved: ReadonlySet<number>;
}
const seen = (run: Run): Seen => ({
  status: run.status,
  state: run.state.slice(),
  dispatch: run.dispatch.slice(),
  cutOff: isCutOff(run),
  unapproved: new Set([...run.reasons].filter(([, { approval }]) => approval !== undefined).map(([task]) => task)),
});

const isApproval = (event: LawEvent): boolean => event.type === 'commanded' && event.command.kind === 'approve';

const checkMoves = (run: Run, before: Seen, event: LawEvent): void => {
  if (before.status !== run.status) must(DAG_MOVES[before.status].includes(run.status), `${before.status} → ${run.status}`);
  if (isFinalDag(before.status) && event.type !== 'commanded') must(run.status === before.status, 'a final DAG moved by itself');
  before.state.forEach((code, task) => {
    const [was, is] = [statusOf(code), statusOf(run.state[task]!)];
    must(run.dispatch[task]! >= before.dispatch[task]!, 'a dispatch number fell');
    if (was === is) return;
    must(TASK_MOVES[was].includes(is), `${was} → ${is}`);
    if (isFinalTask(was)) must(event.type === 'commanded', 'a final task moved by itself');
    // By an edit a task may need none any more.
    const isToBeApproved = before.unapproved.has(task) && run.specs[task]!.options?.requiresApproval === true;
    if (is === 'QUEUED' && isToBeApproved) must(isApproval(event) && was === 'PENDING', 'nobody approved it');
    // What had begun before may go on while something before it runs again.
    const begins = was === 'PENDING' || was === 'CANCELLING' || isFinalTask(was);
    if (is === 'QUEUED' && begins) must(ruleSays(run, task) === 'start' && !isEnding(run), 'a task is ready before its rule is met');
    if (isFinalTask(was) && !isFinalTask(is)) must(run.dispatch[task]! > before.dispatch[task]!, 'late reports of what was before would count');
  });
};

/** What the step tells the owner agrees with what changed. */
const checkStep = (run: Run, before: Seen, { step, event }: { step: Step; event: LawEvent }): void => {
  const all = Array.from({ length: taskCount(run) }, (_, task) => task);
  const became = (code: number) => all.filter((task) => run.state[task] === code && (before.state[task] ?? -1) !== code);
  const told = new Set(step.ready.map(({ task }) => task));
  for (const task of became(CODE.QUEUED)) must(told.has(task), 'nobody was told that it is ready');
  for (const { task, dispatch } of step.ready) must(run.state[task] !== CODE.QUEUED || dispatch === run.dispatch[task], 'ready under another number');
  const revoked = event.type === 'audited' ? all.filter((task) => run.state[task] === CODE.CANCELLING) : became(CODE.CANCELLING);
  mustBe(
    step.revoked.map(({ task }) => task).sort((a, b) => a - b),
    revoked,
    'other tasks are revoked',
  );
  const failedNow = became(CODE.FAILED).filter((task) => run.reasons.get(task)?.code !== 'MARKED_FAILED');
  mustBe(
    step.deadLetters.map(({ task }) => task).sort((a, b) => a - b),
    failedNow,
    'other letters are written',
  );
  must(step.commands.length === (event.type === 'commanded' ? 1 : 0), 'other commands are settled');
  for (const { outcome, detail, affected } of step.commands)
    must(outcome === 'APPLIED' ? detail === null : detail !== null && affected === 0, 'odd outcome');
  if (isCutOff(run) && (!before.cutOff || event.type === 'continued')) must(step.continued.has(DAG), 'nobody goes on with it');
};

/** Applies an event by itself and checks all that must hold. */
const applyChecked = (run: Run, event: LawEvent, now: number): Step => {
  const before = seen(run);
  const step = newStep();
  applyAt(step, run, event, now);
  checkMoves(run, before, event);
  checkRun(run);
  checkStep(run, before, { step, event });
  const refused = step.commands.some(({ outcome, affected }) => outcome === 'REFUSED' || affected === 0);
  if (refused) must(step.touched.get(run) === undefined || step.touched.get(run)!.size === 0, 'a command that affected nothing changed something');
  return step;
};

/** A whole history: what the moves make of it, then whatever brings the DAG to its end. */
const history = (plan: PlannedDag, moves: readonly Parameters<typeof eventOf>[1][], pick: number): { log: LawEvent[]; run: Run } => {
  const run = runOfPlan(plan);
  const log: LawEvent[] = [];
  const apply = (event: LawEvent): void => {
    log.push(event);
    applyChecked(run, event, T0 + log.length * TICK_MS);
  };
  for (const move of moves) apply(eventOf(run, move, T0 + (log.length + 1) * TICK_MS, log));
  for (let steps = 0; ; steps++) {
    const event = nextTowardsEnd(run, pick + steps, T0 + (log.length + 1) * TICK_MS);
    if (event === undefined) break;
    must(steps < 2000, 'it never ends');
    apply(event);
  }
  must(isFinalDag(run.status), `it stays ${run.status}`);
  return { log, run };
};

const anyMoves = fc.array(anyMove, { minLength: 5, maxLength: 120 });

test('whatever is commanded, whatever happens: every state is one that may be, and every DAG can come to its end', () => {
  fc.assert(
    fc.property(anyDag, anyMoves, fc.nat(), (plan, moves, pick) => {
      history(plan, moves, pick);
    }),
    { numRuns: 120 },
  );
});

test('tasks that end by themselves while their DAG is being ended leave nothing to go on with', () => {
  const tasks = ['a', 'b', 'c', 'd'].map((name) => plannedTask(name, []));
  const run = runOfPlan({ ...planOf(tasks), dueAt: T0 });
  expect(applyChecked(run, { type: 'dagDue', dag: DAG }, T0).continued).toEqual(new Set([DAG]));
  for (let task = 0; task < tasks.length; task++) applyChecked(run, completed(task), T0);
  expect([run.status, run.completed, isCutOff(run)]).toEqual(['FAILED', 4, false]);
  expect(applyChecked(run, { type: 'continued', dag: DAG }, T0).continued.size).toBe(0);
});

/** Times that depend on when readiness was noticed, which a restart may do later. */
const NOTICED = ['queuedAt', 'blockedMs', 'queuedMs', 'dispatchedMs'];
const withoutNoticed = (rows: Rows): unknown => {
  const { tasks, ...dag } = rows.record();
  return {
    dag,
    tasks: tasks.map((task) => ({
      ...Object.fromEntries(Object.entries(task).filter(([key]) => !NOTICED.includes(key))),
      texts: rows.texts(task.task),
    })),
  };
};

interface Kept {
  readonly rows: Rows;
  readonly appended: unknown[];
}

/** Applies a log in batches, committing each; `crashes` says after which batches the memory is lost before the commit. */
const replay = (plan: PlannedDag, log: readonly LawEvent[], sizes: readonly number[], crashes: ReadonlySet<number>): Kept => {
  const rows = rowsOf(plan);
  const appended: unknown[] = [];
  let run: Run | undefined = runOfPlan(plan);
  let position = 0;
  for (let batch = 0; position < log.length; batch++) {
    const to = Math.min(log.length, position + (sizes[batch % sizes.length] ?? 1));
    const step = newStep();
    for (let i = position; i < to; i++) {
      // A final DAG is read again for a command alone.
      if (run === undefined && log[i]!.type === 'commanded') run = runOfRecord(rows.record(), T0);
      if (run !== undefined) applyAt(step, run, log[i]!, T0 + (i + 1) * TICK_MS);
    }
    if (crashes.has(batch)) run = isFinalDag(rows.record().status) ? undefined : runOfRecord(rows.record(), T0 + position * TICK_MS);
    else {
      rows.apply({ ...changesOf(step), edits: step.edits });
      appended.push(...step.attempts, ...step.deadLetters, ...step.history, ...step.commands);
      position = to;
      if (run !== undefined && isFinalDag(run.status)) run = undefined;
    }
  }
  return { rows, appended };
};

test('whatever is lost in a crash, the log brings back: the same rows, letters, history and outcomes', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(anyDag, anyMoves, fc.tuple(sizes, sizes), fc.uniqueArray(fc.nat(40), { maxLength: 12 }), (plan, moves, [calm, rough], crashes) => {
      const { log } = history(plan, moves, 1);
      const without = replay(plan, log, calm, new Set());
      const withCrashes = replay(plan, log, rough, new Set(crashes));
      must(isFinalDag(without.rows.record().status), 'it did not end');
      expect(withoutNoticed(withCrashes.rows)).toEqual(withoutNoticed(without.rows));
      const sorted = ({ appended }: Kept) => appended.map((each) => JSON.stringify(each)).sort();
      expect(sorted(withCrashes)).toEqual(sorted(without));
    }),
    { numRuns: 120 },
  );
});
