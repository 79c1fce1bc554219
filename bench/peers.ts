/** Other schedulers at the same work, in the same run and on the same services. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { type Timing, timingOf } from './measure';
import { peakOf } from './proc';
import { root } from './process';
import type { Corner } from './services';
import { warmUpBodies, type Workload } from './workloads';

/** Their modules in bench/peers, by the names that the figures have. */
const MODULES = { bullmq: 'bullmq', 'pg-boss': 'pgBoss', 'graphile-worker': 'graphileWorker' } as const;
export type PeerName = keyof typeof MODULES;
export const PEERS = Object.keys(MODULES) as readonly PeerName[];

export interface PeerRun {
  readonly timing: Timing & { readonly rssMb: number | undefined };
  readonly version: string;
  /** What has to survive for what it answered to be there, in words. */
  readonly durability: string;
}

interface Answer {
  readonly makespanMs: number;
  readonly dagsMs: readonly number[];
  readonly durability: string;
  readonly version: string;
}

const FOLDER = path.join(root, 'bench/peers');
/** pg-boss refuses the Node.js that the program still supports. */
const NEWER_NODE = path.join(FOLDER, 'node_modules/node/bin/node');
const TIMEOUT_MS = 300_000;
const LOOK_MS = 100;
const WARM_UP = 1000;

/** Installs them where they aren't, all or BullMQ alone: they are no dependencies of the program. */
export const installPeers = (which: 'all' | 'bullmq' = 'all'): void => {
  if (existsSync(which === 'all' ? NEWER_NODE : path.join(FOLDER, 'node_modules/bullmq/package.json'))) return;
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error', ...(which === 'all' ? [] : ['--omit=dev'])];
  const { status } = spawnSync('npm', args, { cwd: FOLDER, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error('the peers could not be installed: npm ci in bench/peers failed');
};

/** Runs a workload on a peer, in a process of its own. Rejects where a task ran twice, too early or not at all. */
export const measurePeer = async (peer: PeerName, workload: Workload, { env }: Corner): Promise<PeerRun> => {
  const node = peer === 'bullmq' ? process.execPath : NEWER_NODE;
  const child = spawn(node, [path.join(FOLDER, 'measure.mjs'), MODULES[peer]], { stdio: ['pipe', 'pipe', 'inherit'], timeout: TIMEOUT_MS });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(String(error)));
    child.once('exit', (code, signal) => resolve(`code ${String(code)}, signal ${String(signal)}`));
  });
  let rssMb: number | undefined;
  const look = setInterval(() => {
    rssMb = (child.pid === undefined ? undefined : peakOf(child.pid)) ?? rssMb;
  }, LOOK_MS);
  const { bodies, pace } = workload;
  child.stdin.end(JSON.stringify({ databaseUrl: env.DATABASE_URL, redisUrl: env.REDIS_URL, warmUp: warmUpBodies(WARM_UP), bodies, pace }));
  const [output, how] = await Promise.all([text(child.stdout), ended]);
  clearInterval(look);
  const line = output.trim().split('\n').at(-1) ?? '';
  if (how !== 'code 0, signal null' || line === '') throw new Error(`${peer} could not run ${workload.name}: it ended with ${how}`);
  const { makespanMs, dagsMs, durability, version } = JSON.parse(line) as Answer;
  return { timing: { ...timingOf(workload, makespanMs, dagsMs), rssMb }, version, durability };
};
