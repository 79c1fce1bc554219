/** The table of all metrics: written from what the code describes, and read back by whoever holds a process against it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createMetrics } from '../../src/observe/metrics';
import type { Described, Teller } from '../../src/observe/meters';
import { createVirtualClock } from '../lifecycle/virtualClock';

export const ALL_TELLERS: readonly Teller[] = ['process', 'scheduler', 'leader', 'worker'];

/** What a process that is so many tellers tells. */
export const describedBy = (tellers: readonly Teller[]): readonly Described[] =>
  createMetrics({
    listen: () => undefined,
    clock: createVirtualClock(),
    tellers: new Set(tellers),
    process: { role: 'standalone', version: '0' },
    types: [],
  }).described();

const WHO: Readonly<Record<Teller, string>> = {
  process: 'every process',
  scheduler: 'schedulers',
  leader: 'the scheduler that leads',
  worker: 'workers',
};

const INTRODUCTION = `# Metrics

Written from the code by \`RECORD=1 npx jest --selectProjects services --testPathPatterns observe/metrics\`, and compared with what running
processes answer. Every process has them at \`/actuator/prometheus\`; standalone is scheduler and worker in one. A scheduler tells where all of them are
at \`GET /api/v1/prometheus-targets\` (http_sd).

- Counters and histograms start at 0 with their process: use \`rate\` or \`increase\`, then \`sum\`.
- What the scheduler that leads tells alone is about the whole installation. What each scheduler tells is about its own shards: sum it up.
- \`task_queue_size\`, \`task_execution_time\`, \`task_success_rate\` and \`worker_count\` are the names of the original. Beside them stand \`tasks_queued\`,
  \`task_execution_seconds\`, \`task_success_ratio\` and \`workers\`, which say the same by Prometheus' conventions.
- No label holds an id: types, priorities, outcomes, names of pools and limits.

[config/prometheus/rules](../config/prometheus/rules) has sums that are recorded, and alerts; [config/grafana/dashboards](../config/grafana/dashboards) shows them.
`;

const HEAD = '| metric | type | unit | labels | told by | what it says |\n|---|---|---|---|---|---|\n';
const escaped = (text: string): string => text.replaceAll('|', '\\|');
const rowOf = ({ name, type, unit, labels, by, help }: Described): string =>
  `| \`${name}\` | ${type} | ${unit} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${by.map((teller) => WHO[teller]).join(', ')} | ${escaped(help)} |`;

const sections: readonly (readonly [string, (metric: Described) => boolean])[] = [
  ['Tasks, DAGs, workers and steps', ({ name }) => !/^(nodejs|process)_/.test(name)],
  ['Node and the process', ({ name }) => /^(nodejs|process)_/.test(name)],
];

/** The document. */
export const metricsDocument = (): string => {
  const all = [...describedBy(ALL_TELLERS)].sort((a, b) => (a.name < b.name ? -1 : 1));
  const tables = sections.map(([title, belongs]) => `\n## ${title}\n\n${HEAD}${all.filter(belongs).map(rowOf).join('\n')}\n`);
  return INTRODUCTION + tables.join('');
};

/** A row of the document. */
export interface Documented {
  readonly name: string;
  readonly type: string;
  readonly unit: string;
  readonly labels: readonly string[];
  readonly by: readonly Teller[];
  readonly help: string;
}

const tellerOf = (words: string): Teller => ALL_TELLERS.find((teller) => WHO[teller] === words)!;

/** The rows as they stand in docs/metrics.md. */
export const documented = (): readonly Documented[] =>
  [
    ...readFileSync(path.join(__dirname, '../../docs/metrics.md'), 'utf8').matchAll(
      /^\| `(\w+)` \| (\w+) \| ([^|]+) \| ([^|]*) \| ([^|]+) \| (.*) \|$/gm,
    ),
  ].map(([, name, type, unit, labels, by, help]) => ({
    name: name!,
    type: type!,
    unit: unit!,
    labels: [...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label!),
    by: by!.split(', ').map(tellerOf),
    help: help!.replaceAll('\\|', '|'),
  }));
