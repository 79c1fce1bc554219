/** What becomes of the work that was taken where far more is submitted than can be run. */
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import type { Api } from '../api';
import { allAtOnce, percentile, submitBatch, warmUp } from '../measure';
import { workloads } from '../workloads';
import type { Scenario, Site } from './scenario';

const OPEN_TASKS = 20_000;
const SECONDS = 60;
const CLIENTS = 8;
const DAGS_AT_ONCE = 50;
const ROUNDS = 3;
/** Whoever is refused comes again so much later, whatever it was told. */
const AGAIN_MS = 250;
const LOOK_EVERY_MS = 100;
/** What has ended counts towards the open tasks until they are counted again. */
const COUNTED_AGAIN_MS = 2000;

const W1B = workloads.find(({ name }) => name === 'W1B')!;
const BATCH = `[${W1B.bodies.slice(0, DAGS_AT_ONCE).join(',')}]`;

interface Offered {
  accepted: number;
  refused: number;
  readonly tookMs: number[];
}

/** Submits without end, as fast as it is answered. */
const offer = async (url: string, offered: Offered, goesOn: () => boolean): Promise<void> => {
  while (goesOn()) {
    const began = performance.now();
    const answer = await fetch(`${url}/api/v1/dags/batch`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: BATCH });
    const { accepted, refused } = (await answer.json()) as { readonly accepted: number; readonly refused: number };
    offered.accepted += accepted;
    offered.refused += refused;
    offered.tookMs.push(performance.now() - began);
    if (refused > 0) await pause(AGAIN_MS);
  }
};

/** Milliseconds that lists take. */
const look = async (api: Api, goesOn: () => boolean): Promise<readonly number[]> => {
  const tookMs: number[] = [];
  while (goesOn()) {
    const began = performance.now();
    await api.page('/api/v1/dags?limit=50');
    tookMs.push(performance.now() - began);
    await pause(LOOK_EVERY_MS);
  }
  return tookMs;
};

const endedIn = async (databaseUrl: string): Promise<number> => {
  const database = new Client({ connectionString: databaseUrl });
  await database.connect();
  try {
    const { rows } = await database.query<{ count: number }>(`SELECT count(*)::int AS count FROM tasks WHERE status = 'COMPLETED'`);
    return rows[0]!.count;
  } finally {
    await database.end();
  }
};

/** Tasks a second where all that is submitted is taken. */
const rateAlone = async (api: Api): Promise<number> => {
  const rates: number[] = [];
  await pause(COUNTED_AGAIN_MS);
  for (let i = 0; i < ROUNDS; i++) rates.push((W1B.tasks / (await allAtOnce(api, W1B.bodies, submitBatch))) * 1000);
  return percentile(rates, 0.5);
};

const overloaded = async ({ api, stack, databaseUrl }: Site, seconds: number) => {
  const offered: Offered = { accepted: 0, refused: 0, tookMs: [] };
  const before = await endedIn(databaseUrl);
  const began = performance.now();
  const goesOn = (): boolean => performance.now() - began < seconds * 1000;
  const [lists] = await Promise.all([look(api, goesOn), ...Array.from({ length: CLIENTS }, () => offer(stack.url, offered, goesOn))]);
  const tookMs = performance.now() - began;
  const ended = (await endedIn(databaseUrl)) - before;
  while ((await api.unfinished()).length > 0) await pause(200);
  const lost = before + offered.accepted * (W1B.tasks / W1B.bodies.length) - (await endedIn(databaseUrl));
  if (lost !== 0) throw new Error(`${lost} tasks of those that were taken did not end`);
  return { ...offered, lists, rate: (ended / tookMs) * 1000 };
};

export const overload: Scenario = {
  name: 'OVERLOAD',
  about: 'eight clients submit without end, refused above 20,000 open tasks',
  limitMinutes: 5,
  programEnv: { LIMITS_OPEN_TASKS: String(OPEN_TASKS) },
  run: async (site) => {
    await warmUp(site.api);
    const alone = await rateAlone(site.api);
    const { rate, refused, accepted, tookMs, lists } = await overloaded(site, Math.max(2, site.scaled(SECONDS)));
    return {
      figures: [
        { name: 'W1 by batch alone', value: alone, unit: 'tasks a second' },
        { name: 'while more is offered', value: rate, unit: 'tasks a second' },
        { name: 'of the pace alone', value: (rate / alone) * 100, unit: '%', goal: 'over 90' },
        { name: 'submissions that were refused', value: (refused / (refused + accepted)) * 100, unit: '%' },
        { name: 'batches of 50, p99', value: percentile(tookMs, 0.99), unit: 'ms' },
        { name: 'lists, p99', value: percentile(lists, 0.99), unit: 'ms' },
        { name: "scheduler's memory", value: site.stack.programs[0]!.peakMb() ?? NaN, unit: 'MB' },
      ],
    };
  },
};
