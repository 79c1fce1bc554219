/** Where a process of the program spends its time: the samples of its CPU profile, by the part of the program that they served. */
import { readFileSync } from 'node:fs';

/** As V8 writes it: https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile */
interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
    readonly children?: readonly number[];
  }[];
  /** Microseconds of the monotonic clock. */
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** The first that a frame's path has names the stage; a frame that has none serves whoever called it. */
const STAGES: readonly (readonly [folder: string, stage: string])[] = [
  ['/dist/adapters/kafka/', 'Kafka'],
  ['/node_modules/kafkajs/', 'Kafka'],
  ['/dist/adapters/postgres/', 'PostgreSQL'],
  ['/node_modules/pg', 'PostgreSQL'],
  ['/dist/adapters/redis/', 'Redis'],
  ['/node_modules/@redis/', 'Redis'],
  ['/dist/edge/', 'HTTP and submission'],
  ['/node_modules/express/', 'HTTP and submission'],
  ['/dist/submit/', 'HTTP and submission'],
  ['/dist/plan/', 'HTTP and submission'],
  ['/dist/dispatch/', 'dispatch'],
  ['/dist/advance/', 'advance'],
  ['/dist/core/', 'advance'],
  ['/dist/execute/', 'execution'],
  ['/dist/report/', 'execution'],
  ['/dist/observe/', 'metrics and log'],
  ['/node_modules/pino/', 'metrics and log'],
  ['/node_modules/prom-client/', 'metrics and log'],
];
const IDLE = '(idle)';
const REST = 'Node.js: event loop, sockets, timers';
const OF_ENGINE = new Map([
  ['(garbage collector)', 'garbage collection'],
  ['(program)', REST],
  ['(root)', REST],
]);

const stageOf = ({ functionName, url }: Profile['nodes'][number]['callFrame']): string | undefined =>
  OF_ENGINE.get(functionName) ?? STAGES.find(([folder]) => url.includes(folder))?.[1];

const parentsOf = ({ nodes }: Profile): Map<number, number> => {
  const parents = new Map<number, number>();
  for (const { id, children = [] } of nodes) for (const child of children) parents.set(child, id);
  return parents;
};

/** The part of a process's busy time that each stage took between two moments of the monotonic clock, in milliseconds; they add up to 1. */
export const stagesIn = (profile: Profile, fromMs: number, toMs: number): ReadonlyMap<string, number> => {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const parents = parentsOf(profile);
  const known = new Map<number, string>();
  const stageAt = (id: number): string => {
    const own = known.get(id);
    if (own !== undefined) return own;
    const parent = parents.get(id);
    const stage = stageOf(frames.get(id)!) ?? (parent === undefined ? REST : stageAt(parent));
    known.set(id, stage);
    return stage;
  };
  const spent = new Map<string, number>();
  let [at, busy] = [profile.startTime, 0];
  profile.samples.forEach((id, i) => {
    const took = profile.timeDeltas[i] ?? 0;
    at += took;
    if (at < fromMs * 1000 || at > toMs * 1000 || frames.get(id)!.functionName === IDLE) return;
    busy += took;
    spent.set(stageAt(id), (spent.get(stageAt(id)) ?? 0) + took);
  });
  return new Map([...spent].map(([stage, took]) => [stage, took / busy]));
};

export const readProfile = (file: string): Profile => JSON.parse(readFileSync(file, 'utf8')) as Profile;
