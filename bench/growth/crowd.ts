/** W9B: what the heartbeats of a thousand workers cost the scheduler. */
import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../process';
import type { Measured, Scenario, Site } from './scenario';

const WORKERS = 1000;
const PROCESSES = 4;
const SETTLE_MS = 3000;
const MEASURED_MS = 20_000;
const LEAST_MEASURED_MS = 4000;

/** The part of one core that the scheduler uses, in percent. */
const coreOf = async ({ stack, scaled }: Site): Promise<number> => {
  const scheduler = stack.programs[0]!;
  const [began, used] = [performance.now(), scheduler.cpuMs() ?? NaN];
  await pause(Math.max(LEAST_MEASURED_MS, scaled(MEASURED_MS)));
  return (((scheduler.cpuMs() ?? NaN) - used) / (performance.now() - began)) * 100;
};

const startPart = (env: Readonly<Record<string, string>>, part: number, workers: number): ChildProcess =>
  fork(path.join(__dirname, 'crowdPart.js'), [String(part), String(workers)], { env: { PATH: process.env['PATH'], ...env }, stdio: 'inherit' });

const run = async (site: Site): Promise<Measured> => {
  const workers = Math.max(PROCESSES, site.scaled(WORKERS));
  await pause(SETTLE_MS);
  const alone = await coreOf(site);
  const parts = Array.from({ length: PROCESSES }, (_, i) => {
    const share = Math.floor(((i + 1) * workers) / PROCESSES) - Math.floor((i * workers) / PROCESSES);
    return startPart(site.stack.env, i, share);
  });
  try {
    await until(`${workers} workers`, async () => (await site.api.workers()) === workers);
    await pause(SETTLE_MS);
    const withThem = await coreOf(site);
    if ((await site.api.workers()) !== workers) throw new Error('workers that only had to live were lost');
    return {
      figures: [
        { name: 'workers', value: workers, unit: `in ${PROCESSES} processes` },
        { name: 'scheduler without workers', value: alone, unit: '% of a core' },
        { name: 'scheduler with them, idle', value: withThem, unit: '% of a core' },
        { name: 'their heartbeats', value: withThem - alone, unit: '% of a core', goal: 'under 10' },
      ],
    };
  } finally {
    for (const part of parts) part.kill('SIGKILL');
  }
};

export const crowd: Scenario = { name: 'W9B', about: '1,000 workers that live, in four processes', workers: 0, limitMinutes: 5, run };
