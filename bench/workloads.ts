/** What is submitted: shapes whose tasks do nothing, so that only the scheduler's own work is measured. */
import { bodyOf, recorded, RECORDED_TASKS } from './order/recorded';

export interface Workload {
  readonly name: string;
  readonly about: string;
  /** JSON texts to submit. */
  readonly bodies: readonly string[];
  readonly tasks: number;
  /** How many tasks stand one after another in each DAG. */
  readonly levels: number;
  /** All at once by several clients or in one request, or each when the one before has ended. */
  readonly pace: 'together' | 'batch' | 'oneByOne';
}

/** The name before which nothing of a warm-up DAG or its tasks is counted. */
export const WARM_UP = 'warm-up';

interface Task {
  readonly taskName: string;
  readonly type: 'DATA_PROCESSING';
  readonly dependencies: readonly string[];
}

const task = (taskName: string, ...dependencies: readonly string[]): Task => ({ taskName, type: 'DATA_PROCESSING', dependencies });

const dag = (dagName: string, tasks: readonly Task[]): string => JSON.stringify({ dagName, simulate: { durationMs: 0, failureRate: 0 }, tasks });

const names = (prefix: string, count: number): readonly string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

const diamond = (dagName: string, prefix = ''): string => {
  const [top, left, right, bottom] = [`${prefix}top`, `${prefix}left`, `${prefix}right`, `${prefix}bottom`];
  return dag(dagName, [task(top), task(left, top), task(right, top), task(bottom, left, right)]);
};

const fan = (width: number): string => {
  const middle = names('middle', width);
  return dag('fan', [task('first'), ...middle.map((name) => task(name, 'first')), task('last', ...middle)]);
};

const chain = (length: number): string =>
  dag(
    'chain',
    names('link', length).map((name, i) => (i === 0 ? task(name) : task(name, `link${i - 1}`))),
  );

/** Diamonds that run before the clock starts, so that the compiler and the caches of all processes are warm. */
export const warmUpBodies = (count: number): readonly string[] => names(WARM_UP, count).map((name) => diamond(name, `${WARM_UP} `));

export const workloads: readonly Workload[] = [
  {
    name: 'W1',
    about: '1,000 diamonds at once',
    bodies: names('diamond', 1000).map((name) => diamond(name)),
    tasks: 4000,
    levels: 3,
    pace: 'together',
  },
  {
    name: 'W1B',
    about: 'the same diamonds in one batch',
    bodies: names('diamond', 1000).map((name) => diamond(name)),
    tasks: 4000,
    levels: 3,
    pace: 'batch',
  },
  {
    name: 'W2',
    about: '200 diamonds one after another',
    bodies: names('diamond', 200).map((name) => diamond(name)),
    tasks: 800,
    levels: 3,
    pace: 'oneByOne',
  },
  { name: 'W3', about: '1 → 1,000 → 1', bodies: [fan(1000)], tasks: 1002, levels: 3, pace: 'oneByOne' },
  { name: 'W4', about: 'a chain of 200', bodies: [chain(200)], tasks: 200, levels: 200, pace: 'oneByOne' },
  {
    name: 'W5',
    about: '10,000 single tasks',
    bodies: names('single', 10_000).map((name) => dag(name, [task('only')])),
    tasks: 10_000,
    levels: 1,
    pace: 'together',
  },
  {
    name: 'W5B',
    about: 'the same single tasks in one batch',
    bodies: names('single', 10_000).map((name) => dag(name, [task('only')])),
    tasks: 10_000,
    levels: 1,
    pace: 'batch',
  },
  {
    name: 'W10',
    about: `167 recorded workflows of ${RECORDED_TASKS} tasks, which take no time here, together`,
    // Unpacked only where it is measured.
    get bodies() {
      return recorded(0).map((workflow) => bodyOf(workflow, 'fifo'));
    },
    tasks: RECORDED_TASKS,
    levels: 1,
    pace: 'together',
  },
];

/** Throws a TypeError where there is none of that name. */
export const workloadNamed = (name: string): Workload => {
  const found = workloads.find((workload) => workload.name === name.trim().toUpperCase());
  if (found === undefined) throw new TypeError(`there is no workload ${name}`);
  return found;
};
