/** The five built-in task types, simulated: they take some time, and some of them fail. */
import { type Simulation } from '../../core/dag';
import { drawFrom } from '../../core/retry';
import type { Handler, TaskContext } from '../../core/handler';

/** How a type behaves where a task says nothing of its own. */
export interface SimulatedType {
  readonly durationMs: readonly [number, number];
  readonly failureRate: number;
}

export interface SimulatedNeeds {
  /** By task type; types without an entry take no time and never fail. */
  readonly types: Readonly<Record<string, SimulatedType>>;
  readonly random: () => number;
  /** Resolves after `ms`, rejects when the signal fires first. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface Draw {
  readonly failed: boolean;
  readonly durationMs: number;
}

const within = (duration: number | readonly [number, number], draw: number): number =>
  typeof duration === 'number' ? duration : duration[0] + (duration[1] - duration[0]) * draw;

/** What a seeded task does in an attempt: the same seed, name and attempt always give the same. */
export const simulatedDraw = (simulate: Simulation & { readonly seed: number }, name: string, attempt: number): Draw => ({
  durationMs: within(simulate.durationMs ?? 0, drawFrom(`${name}#${String(attempt)}:duration`, simulate.seed)),
  failed: drawFrom(`${name}#${String(attempt)}:failure`, simulate.seed) < (simulate.failureRate ?? 0),
});

const draw = ({ task: { simulate, type, name }, attempt }: TaskContext, { types, random }: SimulatedNeeds): Draw => {
  const defaults = types[type] ?? { durationMs: [0, 0], failureRate: 0 };
  const simulation = { durationMs: simulate?.durationMs ?? defaults.durationMs, failureRate: simulate?.failureRate ?? defaults.failureRate };
  if (simulate?.seed !== undefined) return simulatedDraw({ ...simulation, seed: simulate.seed }, name, attempt);
  return { durationMs: within(simulation.durationMs, random()), failed: random() < simulation.failureRate };
};

/** A handler that waits as long as the task's simulation says and fails as often. */
export const createSimulatedHandler =
  (needs: SimulatedNeeds): Handler =>
  async (context) => {
    const { failed, durationMs } = draw(context, needs);
    if (durationMs > 0) await needs.sleep(durationMs, context.signal);
    if (failed) throw new Error(`simulated failure of ${context.task.type} (attempt ${String(context.attempt)})`);
    return undefined;
  };
