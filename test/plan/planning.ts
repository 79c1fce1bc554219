/** Short ways to plan in tests. */
import { mintDagId } from '../../src/core/ids';
import { plan, type Plan, type PlanSettings, type SubmittedDag } from '../../src/plan/plan';
import type { SubmittedTask } from '../../src/plan/submitted';

export const settings: PlanSettings = {
  types: new Set(['DATA_PROCESSING', 'API_CALL']),
  order: 'fifo',
  retry: { maxRetries: 3, backoff: { type: 'exponential', initialMs: 500, factor: 2, maxMs: 60_000, jitter: 0.5 } },
  limits: { tasksPerDag: 100_000, edgesPerDag: 1_000_000, payloadBytes: 1_000, dagBytes: 100_000 },
};

const identity = { dagId: mintDagId(3, 1_700_000_000_000, () => 0.5), shard: 3, createdAt: 1_700_000_000_000 };

/** Tasks by "name < dependency dependency". */
export const tasksOf = (...lines: string[]): SubmittedTask[] =>
  lines.map((line) => {
    const [name = '', after = ''] = line.split('<').map((part) => part.trim());
    return { taskName: name, type: 'DATA_PROCESSING', dependencies: after === '' ? [] : after.split(' ') };
  });

export const planOf = (submitted: Partial<SubmittedDag>, changed: Partial<PlanSettings['limits']> = {}): Plan =>
  plan({ dagName: 'dag', tasks: [], ...submitted }, identity, { ...settings, limits: { ...settings.limits, ...changed } });

/** `path: message` of each problem; empty for a DAG that was planned. */
export const problemsOf = (planned: Plan): string[] =>
  planned.kind === 'planned' ? [] : planned.problems.map(({ path, message }) => `${path}: ${message}`);
