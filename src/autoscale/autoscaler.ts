/** The autoscaler: while its process leads it looks at the load of all schedulers, decides how many workers there are to be, and has it done. */
import { decideScaling, figuresOf, freshMemory, observe, type ScalingDecision, type ScalingMemory, type ScalingSettings } from '../core/scaling';
import type { Clock } from '../ports/clock';
import type { Announce, Happenings } from '../ports/happenings';
import type { Roster } from '../ports/leases';
import type { Judgement, LoadBoard, ScalingHistory, WorkerDriver } from '../ports/scaling';
import { seeCrew, stepFor, type Names, type Seen, type Step } from './crew';
import { between, type Loads } from './loads';

export interface AutoscalerSettings extends ScalingSettings {
  readonly dryRun: boolean;
  readonly intervalMs: number;
  readonly historyDays: number;
  /** Slots of a worker where none is here to tell. */
  readonly slots: number;
  /** How long a worker that leaves lets its tasks finish. */
  readonly drainSeconds: number;
}

export interface AutoscalerNeeds {
  readonly scheduler: string;
  readonly board: LoadBoard;
  readonly roster: Pick<Roster, 'read'>;
  readonly driver: WorkerDriver;
  readonly names: Names;
  readonly history: ScalingHistory;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly announce: Announce;
  /** The fence of the lead that this process has at this very moment. */
  readonly fence: () => string | undefined;
  readonly settings: AutoscalerSettings;
}

export interface Autoscaler {
  /** One look, under a lead. */
  lookOnce(fence: string): Promise<void>;
  /** The process stops: with the last scheduler of the installation workers leave that would outlive it. */
  leave(): Promise<void>;
}

/** A worker that isn't here by then doesn't count any more. */
const START_SECONDS = 30;
/** After a step that failed the next one comes no earlier. */
const AGAIN_SECONDS = 10;
/** Half of the drain is for the usual task: some take longer. */
const FITS_TWICE = 2;
const MOST_KEPT = 10_000;
const FORGET_EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Why nothing is done about a decision. */
const STUCK = {
  out: 'all names are taken, some by workers that leave',
  in: 'none of its workers may leave now: others were started by hand, or have tasks that outlast worker.drainMs',
} as const;

type Change = ScalingDecision & { readonly direction: keyof typeof STUCK };

const isChange = (decision: ScalingDecision): decision is Change => decision.direction !== 'hold';

const causeOf = ({ direction, wanted }: ScalingDecision, { min, max }: ScalingSettings): Happenings['scaling.decided']['cause'] => {
  if (direction === 'out' && wanted === max) return 'max';
  return direction === 'out' && wanted === min ? 'min' : 'load';
};

const inWords = ({ verb, ids, total }: Step): string =>
  `would ${verb === 'start' ? 'start' : 'let go'} ${ids.length === 0 ? 'workers' : ids.join(', ')}: ${String(total)} in all then`;

/** What one lead remembers. */
interface Mind {
  readonly fence: string;
  memory: ScalingMemory;
  seen: { readonly at: number; readonly loads: Loads } | undefined;
  /** When those were started that aren't here yet. */
  readonly starting: Map<string, number>;
  notBefore: number;
  /** Where nothing is changed, in a dry run or for want of somebody: what was told last. */
  told: string;
  before: number;
}

/** Makes it. */
export const createAutoscaler = (needs: AutoscalerNeeds): Autoscaler => {
  const { board, roster, driver, history, clock, announce, settings, names } = needs;
  let mind: Mind | undefined;
  let forgetAt = 0;

  const mindOf = (fence: string, at: number): Mind => {
    if (mind?.fence !== fence) mind = { fence, memory: freshMemory(at), seen: undefined, starting: new Map(), notBefore: 0, told: '', before: 0 };
    return mind;
  };

  const forgetOld = async (): Promise<void> => {
    const now = clock.now();
    if (now < forgetAt) return;
    await history.forget(now - settings.historyDays * DAY_MS, MOST_KEPT);
    forgetAt = now + FORGET_EVERY_MS;
  };

  /** Does it, or says why it couldn't be done. */
  const carryOut = async (own: Mind, { verb, ids, total }: Step): Promise<{ done: string | null; error: string | null }> => {
    try {
      const done = await driver[verb](ids, total);
      if (verb === 'start') for (const id of ids) own.starting.set(id, clock.monotonic() / 1000);
      return { done, error: null };
    } catch (error) {
      own.notBefore = clock.monotonic() / 1000 + AGAIN_SECONDS;
      announce('loop.failed', { loop: 'autoscaling', error });
      return { done: null, error: error instanceof Error ? error.message : String(error) };
    }
  };

  const resultOf = (own: Mind, step: Step | undefined, stuck: string): ReturnType<typeof carryOut> => {
    if (step === undefined) return Promise.resolve({ done: null, error: stuck });
    return settings.dryRun ? Promise.resolve({ done: inWords(step), error: null }) : carryOut(own, step);
  };

  const act = async (own: Mind, decision: Change, step: Step | undefined): Promise<void> => {
    const { dryRun } = settings;
    const what = `${decision.direction} ${String(decision.before)} ${String(decision.wanted)}`;
    // Then it is as it was at the next look, too.
    if ((dryRun || step === undefined) && own.told === what) return;
    const { fence } = own;
    const at = clock.now();
    const id = await history.note({ ...decision, fence, at, scheduler: needs.scheduler, driver: driver.name, dryRun });
    if (id === undefined || needs.fence() !== fence) return;
    own.told = what;
    const result = await resultOf(own, step, STUCK[decision.direction]);
    await history.finish(id, result);
    const outcome = step === undefined ? 'stuck' : result.error === null ? 'done' : 'failed';
    announce('scaling.decided', { ...decision, ...result, cause: causeOf(decision, settings), outcome, driver: driver.name, dryRun });
  };

  const tell = async (own: Mind, seen: Seen, decision: ScalingDecision): Promise<void> => {
    const { active, draining, starting, slots } = seen;
    const figures = figuresOf(own.memory.estimate, settings);
    const crew = { active, draining, starting, slots };
    const judgement: Judgement = { ...decision, ...figures, ...crew, at: clock.now(), scheduler: needs.scheduler };
    announce('scaling.judged', { ...figures, wanted: decision.wanted });
    await board.judge(judgement, 3 * settings.intervalMs + 1000);
  };

  const look = async (own: Mind): Promise<{ seen: Seen; running: number; loads: Loads; at: number } | undefined> => {
    const [loads, { workers, trusted }, desired] = await Promise.all([board.loads(), roster.read(), driver.desired()]);
    // Redis has just lost its memory: absence proves nothing.
    if (!trusted) return undefined;
    const at = clock.monotonic() / 1000;
    const here = new Set(workers.map(({ workerId }) => workerId));
    for (const [id, since] of own.starting) if (here.has(id) || at - since > START_SECONDS) own.starting.delete(id);
    const { max, slots, drainSeconds } = settings;
    const { serviceSeconds } = figuresOf(own.memory.estimate, settings);
    const tasksOutlast = serviceSeconds === null || serviceSeconds * FITS_TWICE > drainSeconds;
    const seen = seeCrew({ workers, desired, names, starting: [...own.starting.keys()], max, slots, tasksOutlast });
    return { seen, loads, at, running: workers.reduce((sum, worker) => sum + worker.slots - worker.freeSlots, 0) };
  };

  const decide = (own: Mind, seen: Seen, at: number): { decision: ScalingDecision; step: Step | undefined } => {
    const { decision, memory } = decideScaling(own.memory, { at, crew: seen, settings });
    const step = stepFor(decision, seen, names);
    // Where nothing is changed, by a dry run or for want of somebody who may leave, it is calm until somebody else changes something.
    const calmSince = own.before === decision.before ? own.memory.calmSince : at;
    const isStuck = isChange(decision) && step === undefined;
    own.memory = settings.dryRun || isStuck ? { ...memory, calmSince } : memory;
    own.before = decision.before;
    return { step, decision: isStuck ? { ...decision, reason: `${decision.reason}; ${STUCK[decision.direction]}` } : decision };
  };

  return {
    lookOnce: async (fence) => {
      await forgetOld();
      const own = mindOf(fence, clock.monotonic() / 1000);
      const found = await look(own);
      const before = own.seen;
      own.seen = found;
      if (found === undefined || before === undefined) return;
      const { seen, at, running, loads } = found;
      const sample = { seconds: Math.max(0.001, at - before.at), running, ...between(before.loads, loads) };
      own.memory = { ...own.memory, estimate: observe(own.memory.estimate, sample, settings) };
      if (at < own.notBefore) return;
      const { decision, step } = decide(own, seen, at);
      await tell(own, seen, decision);
      if (isChange(decision)) await act(own, decision, step);
    },
    leave: async () => {
      const others = await board.withdraw(needs.scheduler);
      if (others.length > 0 || settings.dryRun || !driver.outlive) return;
      const { workers } = await roster.read();
      const own = workers.map(({ workerId }) => workerId).filter(names.owns);
      const ids = [...own, ...(mind?.starting.keys() ?? [])];
      if (ids.length > 0) await driver.leave([...new Set(ids)], 0);
    },
  };
};
