/** What is measured in a round of each build: a batch, its processor time, and diamonds one after another. */
import { type Api, createApi } from '../api';
import { allAtOnce, oneByOne, percentile, submitBatch, submitTogether, verifyDags } from '../measure';
import { type Stack, startStack } from '../stacks';
import { warmUpBodies, type Workload, workloadNamed } from '../workloads';

export const BATCH = workloadNamed('W1B');
const ALONE = workloadNamed('W2');
const ALONE_PER_ROUND = 24;
const WARM_UP_TOGETHER = 400;
const WARM_UP_BATCHES = 2;

/** Of one build, a value for each round. */
export interface Rounds {
  /** Of the clock, in ms: W1B as a whole. */
  readonly batchMs: number[];
  /** Of the processor, in ms: the scheduler and the worker during that. */
  readonly cpuMs: number[];
  /** The median of a hop of W2. */
  readonly hopMs: number[];
}

export interface Build {
  readonly rounds: Rounds;
  round(): Promise<void>;
  /** Rejects where anything that was submitted didn't end well. */
  verify(): Promise<void>;
  stop(): Promise<void>;
}

/** A busy machine makes a batch slow, and that is measured: it is no reason to refuse it. */
const PATIENT = { LIMITS_SUBMISSION_WAIT_MS: '60000' };
const TIMEOUT_MS = 60_000;
const CONNECTIONS = 8;

const cpuOf = ({ programs }: Stack): number => programs.reduce((sum, { cpuMs }) => sum + (cpuMs() ?? NaN), 0);

const measureRound = async (api: Api, stack: Stack, { batchMs, cpuMs, hopMs }: Rounds): Promise<void> => {
  const before = cpuOf(stack);
  batchMs.push(await allAtOnce(api, BATCH.bodies, submitBatch));
  cpuMs.push(cpuOf(stack) - before);
  const alone = await oneByOne(api, ALONE.bodies.slice(0, ALONE_PER_ROUND));
  hopMs.push(percentile(alone, 0.5) / ALONE.levels);
};

/** Mostly the work that is measured then: both builds are compiled and cached for nothing else. */
const warmUp = async (api: Api): Promise<void> => {
  await allAtOnce(api, warmUpBodies(WARM_UP_TOGETHER), submitTogether);
  for (let i = 0; i < WARM_UP_BATCHES; i++) await allAtOnce(api, warmUpBodies(BATCH.bodies.length), submitBatch);
  await oneByOne(api, warmUpBodies(ALONE_PER_ROUND));
};

const submittedIn = (rounds: number): Pick<Workload, 'bodies' | 'tasks'> => {
  const bodies = [...BATCH.bodies, ...ALONE.bodies.slice(0, ALONE_PER_ROUND)];
  return { bodies: Array.from({ length: rounds }, () => bodies).flat(), tasks: rounds * bodies.length * (BATCH.tasks / BATCH.bodies.length) };
};

/** Starts a build on a corner of the services of its own, and warms it. */
export const startBuild = async (folder: string): Promise<Build> => {
  const main = `${folder}/src/main.js`;
  const stack = await startStack('real', { env: process.env, workers: 1, profileDir: undefined, main, programEnv: PATIENT });
  const api = createApi({ url: stack.url, connections: CONNECTIONS, timeoutMs: TIMEOUT_MS });
  const rounds: Rounds = { batchMs: [], cpuMs: [], hopMs: [] };
  const unlessItDies = <T>(work: Promise<T>): Promise<T> => Promise.race([work, ...stack.programs.map(({ died }) => died)]);
  const stop = async (): Promise<void> => {
    api.close();
    await stack.stop();
  };
  try {
    await unlessItDies(warmUp(api));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    rounds,
    round: () => unlessItDies(measureRound(api, stack, rounds)),
    verify: async () => {
      const wrong = await verifyDags(api, submittedIn(rounds.batchMs.length));
      if (wrong.length > 0) throw new Error(`what ${folder} ran ended wrong:\n  ${wrong.slice(0, 10).join('\n  ')}`);
    },
    stop,
  };
};
