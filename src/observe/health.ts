/** The state of a process and of what it depends on: asked at most once a second, and never waited for longer than that. */
import { within } from '../lifecycle/timing';
import type { Clock } from '../ports/clock';

export interface ComponentCheck {
  /** Whether the process is of no use without it. */
  readonly needed: boolean;
  /** Resolves where the component answers; with an object of facts where there are any worth showing. */
  check(): Promise<unknown>;
}

export interface ComponentHealth {
  readonly status: 'UP' | 'DOWN';
  readonly latencyMs: number;
  readonly error?: string;
  readonly [fact: string]: unknown;
}

export interface HealthReport {
  readonly status: 'UP' | 'DOWN';
  readonly components: Readonly<Record<string, ComponentHealth>>;
}

export interface HealthNeeds {
  readonly components: Readonly<Record<string, ComponentCheck>>;
  readonly clock: Pick<Clock, 'monotonic' | 'after'>;
}

const FRESH_MS = 1000;
const PATIENCE_MS = 1000;

const checkOne = async ({ check }: ComponentCheck, clock: HealthNeeds['clock']): Promise<ComponentHealth> => {
  const begun = clock.monotonic();
  const latencyMs = (): number => Math.round((clock.monotonic() - begun) * 100) / 100;
  try {
    const facts = await within(clock, PATIENCE_MS, check(), () => new Error(`no answer within ${PATIENCE_MS} ms`));
    return { ...(typeof facts === 'object' ? facts : {}), status: 'UP', latencyMs: latencyMs() };
  } catch (error) {
    return { status: 'DOWN', latencyMs: latencyMs(), error: error instanceof Error ? error.message : String(error) };
  }
};

const checkAll = async ({ components, clock }: HealthNeeds): Promise<HealthReport> => {
  const names = Object.keys(components);
  const states = await Promise.all(names.map((name) => checkOne(components[name]!, clock)));
  const down = names.some((name, i) => components[name]!.needed && states[i]!.status === 'DOWN');
  return { status: down ? 'DOWN' : 'UP', components: Object.fromEntries(names.map((name, i) => [name, states[i]!])) };
};

/** Gives a function that reports health; many callers at once share one round of checks. */
export const createHealth = (needs: HealthNeeds): (() => Promise<HealthReport>) => {
  let report: Promise<HealthReport> | undefined;
  let asOf = 0;
  return () => {
    const now = needs.clock.monotonic();
    if (report === undefined || now - asOf >= FRESH_MS) {
      asOf = now;
      report = checkAll(needs);
    }
    return report;
  };
};
