/**
 * How many workers are wanted, from what waits, comes and runs. With c slots, tasks of S seconds begin at c/S a second, and free slots
 * take one more at once. So that whoever waits, and whoever comes meanwhile, has begun within the target wait T, it takes
 *
 *   c (1 + T/S) = running + waiting + λT,   that is   c = (running + waiting + λT) S / (S + T)
 *
 * With nothing waiting this is Little's law, c = λS. Of tasks much longer than T each wants a slot of its own; of short ones there are
 * T/S for each. More are wanted at once. Fewer are, as the horizontal autoscaler of Kubernetes does it (its "stabilization window"), only
 * where that held for a whole cool-down, with a tenth to spare, and in steps.
 */

export interface ScalingSettings {
  readonly min: number;
  readonly max: number;
  /** A ready task begins within so long. */
  readonly targetWaitSeconds: number;
  /** Fewer workers must have been enough for so long; rates are averages over it, too. */
  readonly coolDownSeconds: number;
}

/** What was seen since the look before. */
export interface ScalingSample {
  readonly seconds: number;
  /** Ready tasks that wait for room at a worker, now. */
  readonly waiting: number;
  /** Tasks that became ready; negative for a moment while they move from one scheduler to another. */
  readonly arrived: number;
  /** Attempts that ended. */
  readonly ended: number;
  /** Slots that are taken, now. */
  readonly running: number;
}

/** Sums that fade away over the cool-down. */
export interface LoadEstimate {
  readonly waiting: number;
  readonly running: number;
  readonly watchedSeconds: number;
  readonly arrived: number;
  readonly endedInAll: number;
  /** Only of times in which something ran: what was learned of run times outlives an idle night. */
  readonly ended: number;
  readonly slotSeconds: number;
}

export const NO_LOAD: LoadEstimate = { waiting: 0, running: 0, watchedSeconds: 0, arrived: 0, endedInAll: 0, ended: 0, slotSeconds: 0 };

/** The estimate after one more look. */
export const observe = (before: LoadEstimate, sample: ScalingSample, { coolDownSeconds }: ScalingSettings): LoadEstimate => {
  const kept = Math.exp(-sample.seconds / coolDownSeconds);
  const isIdle = sample.running === 0 && before.running === 0 && sample.ended === 0;
  const meanRunning = (before.running + sample.running) / 2;
  return {
    waiting: sample.waiting,
    running: sample.running,
    watchedSeconds: before.watchedSeconds * kept + sample.seconds,
    arrived: before.arrived * kept + sample.arrived,
    endedInAll: before.endedInAll * kept + sample.ended,
    ended: isIdle ? before.ended : before.ended * kept + sample.ended,
    slotSeconds: isIdle ? before.slotSeconds : before.slotSeconds * kept + meanRunning * sample.seconds,
  };
};

export interface LoadFigures {
  readonly waiting: number;
  readonly running: number;
  readonly arrivalsPerSecond: number;
  readonly endsPerSecond: number;
  /** The mean time of an attempt in its slot; null while nothing was seen to run. */
  readonly serviceSeconds: number | null;
}

/** What the sums say. A burst is no rate: over less than a target wait nothing is averaged. */
export const figuresOf = (estimate: LoadEstimate, { targetWaitSeconds }: ScalingSettings): LoadFigures => {
  const seconds = Math.max(estimate.watchedSeconds, targetWaitSeconds);
  // While few have ended, the time that those in the slots have been there is the least that they take.
  const attempts = Math.max(estimate.ended, estimate.running);
  return {
    waiting: estimate.waiting,
    running: estimate.running,
    arrivalsPerSecond: Math.max(0, estimate.arrived / seconds),
    endsPerSecond: estimate.endedInAll / seconds,
    serviceSeconds: attempts > 0 && estimate.slotSeconds > 0 ? estimate.slotSeconds / attempts : null,
  };
};

/** Slots that bring everything to its start within the target wait: never fewer than are taken. */
export const slotsNeeded = ({ waiting, running, arrivalsPerSecond, serviceSeconds }: LoadFigures, { targetWaitSeconds }: ScalingSettings): number => {
  // Nothing has run yet: a first slot shows how long it takes.
  if (serviceSeconds === null) return Math.max(running, waiting > 0 ? 1 : 0);
  const due = running + waiting + arrivalsPerSecond * targetWaitSeconds;
  return Math.max(running, (due * serviceSeconds) / (serviceSeconds + targetWaitSeconds));
};

/** The workers that count: live ones that take work, and those on their way. */
export interface Crew {
  readonly active: number;
  readonly starting: number;
  /** Slots of one worker. */
  readonly slots: number;
}

/** What a leader remembers from look to look. */
export interface ScalingMemory {
  readonly estimate: LoadEstimate;
  /** How many workers would have been enough, with a tenth to spare, at each look of the last cool-down. */
  readonly enough: readonly { readonly at: number; readonly workers: number }[];
  /** Since when it looks, or when it last changed anything: seconds on the caller's clock. */
  readonly calmSince: number;
}

export const freshMemory = (at: number): ScalingMemory => ({ estimate: NO_LOAD, enough: [], calmSince: at });

export interface ScalingDecision {
  readonly before: number;
  readonly wanted: number;
  readonly direction: 'out' | 'in' | 'hold';
  /** In words, with the figures that led there. */
  readonly reason: string;
}

const TO_SPARE = 1.1;
const LARGEST_STEP_IN = 1 / 4;
/** Less than this above a whole number is arithmetic, not load. */
const NOISE = 1e-9;

const shown = (value: number): string => String(value >= 10 ? Math.round(value) : Number(value.toFixed(2)));
const plural = (count: number, one: string): string => `${String(count)} ${one}${count === 1 ? '' : 's'}`;

const loadInWords = ({ waiting, running, arrivalsPerSecond, serviceSeconds }: LoadFigures): string => {
  const load = `${plural(waiting, 'task')} waiting, ${String(running)} running, ${shown(arrivalsPerSecond)} more a second`;
  return `${load}, ${serviceSeconds === null ? 'none seen to run yet' : `each taking ${shown(serviceSeconds)} s`}`;
};

/** Decides, and remembers what the next decision needs; `at` in seconds on a clock that never goes back. */
export const decideScaling = (
  memory: ScalingMemory,
  { at, crew, settings }: { readonly at: number; readonly crew: Crew; readonly settings: ScalingSettings },
): { readonly decision: ScalingDecision; readonly memory: ScalingMemory } => {
  const { min, max, targetWaitSeconds, coolDownSeconds } = settings;
  const figures = figuresOf(memory.estimate, settings);
  const needed = slotsNeeded(figures, settings);
  const workersFor = (slots: number): number => Math.min(max, Math.max(min, Math.ceil(slots / Math.max(1, crew.slots) - NOISE)));
  const before = crew.active + crew.starting;
  const least = workersFor(needed);
  // What waits and was never seen to run may take any time: no worker is given up for it.
  const spare = figures.serviceSeconds === null && figures.waiting > 0 ? Math.min(max, Math.max(before, least)) : workersFor(needed * TO_SPARE);
  const enough = [...memory.enough.filter((look) => look.at > at - coolDownSeconds), { at, workers: spare }];
  const most = Math.max(...enough.map(({ workers }) => workers));
  const isCalm = at - memory.calmSince >= coolDownSeconds;
  const slots = `${shown(needed)} slots, in workers of ${String(crew.slots)}`;
  const why = `${loadInWords(figures)}: it takes ${slots}, to begin them within ${shown(targetWaitSeconds)} s`;
  const decided = (wanted: number, direction: ScalingDecision['direction'], reason: string) => ({
    decision: { before, wanted, direction, reason },
    memory: { ...memory, enough, calmSince: direction === 'hold' ? memory.calmSince : at },
  });
  if (least > before) {
    const bound = least === max ? `, and there may be ${String(max)}` : least === min ? `, and there are to be at least ${String(min)}` : '';
    return decided(least, 'out', `${why}${bound}`);
  }
  if (most >= before) return decided(before, 'hold', why);
  if (!isCalm) return decided(before, 'hold', `${why}; ${plural(most, 'worker')} would do, once that has held for ${shown(coolDownSeconds)} s`);
  const wanted = Math.max(most, before - Math.max(1, Math.floor(before * LARGEST_STEP_IN)));
  return decided(wanted, 'in', `${why}; for ${shown(coolDownSeconds)} s ${plural(most, 'worker')} would have done`);
};
