/** npm run growth -- [options]: what becomes of rates, latencies and memory where DAGs, backlogs and histories grow. */
import { writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createApi } from '../api';
import { runCommand } from '../command';
import { root } from '../process';
import { cleanCommit } from '../record';
import { machine, row } from '../report';
import { startStack } from '../stacks';
import { backlog } from './backlog';
import { history } from './history';
import { crowd } from './crowd';
import { fleet } from './fleet';
import { large } from './large';
import { overload } from './overload';
import { pages } from './pages';
import { draw, recordGrowth, type Recorded, told } from './record';
import { medians } from './medians';
import type { Measured, Scenario } from './scenario';
import { failures, starts } from './steady';

const SCENARIOS: readonly Scenario[] = [large, backlog, history, fleet, crowd, failures, starts, pages, overload];
const CONNECTIONS = 8;
const TIMEOUT_MS = 1_800_000;
/** On a busy machine a batch of 50,000 tasks takes longer to store than a client would be asked to wait. */
const PATIENT = { LIMITS_SUBMISSION_WAIT_MS: '60000' };

const USAGE = `npm run growth -- [options]

  --scenario W6,W7    which (all by default):
${SCENARIOS.map(({ name, about }) => `                        ${name}  ${about}`).join('\n')}
  --scale 0.01        the part of that size; 1 by default
  --runs 5            how often each, on a fresh stack each time; the figures are medians, with the least and the most; 1 by default
  --json FILE         writes the figures
  --record            writes them into docs/growth.json, at a commit without changes, and draws that as --plot does
  --note TEXT         what is to be recorded with them, such as what else ran on the machine
  --plot              measures nothing: writes docs/performance.md and docs/images by docs/growth.json

It needs the services that scripts/services up starts, or DATABASE_URL, KAFKA_BROKERS and REDIS_URL.
`;

const scenarioNamed = (name: string): Scenario => {
  const found = SCENARIOS.find((scenario) => scenario.name === name.trim().toUpperCase());
  if (found === undefined) throw new TypeError(`there is no scenario ${name}`);
  return found;
};

type Found = Pick<Recorded, 'scenario' | 'scale' | 'runs' | 'figures' | 'curves'>;

interface Options {
  readonly chosen: readonly Scenario[];
  readonly scale: number;
  readonly runs: number;
  readonly json: string | undefined;
  readonly note: string | undefined;
  readonly does: 'measure' | 'record' | 'plot';
}

const optionsFrom = (args: readonly string[]): Options | undefined => {
  const [text, flag] = [{ type: 'string' } as const, { type: 'boolean' } as const];
  const { values } = parseArgs({
    args: [...args],
    options: { scenario: text, scale: text, runs: text, json: text, note: text, record: flag, plot: flag, help: { ...flag, short: 'h' } },
  });
  if (values.help === true) return undefined;
  const scale = Number(values.scale ?? 1);
  if (!(scale > 0 && scale <= 1)) throw new TypeError(`--scale is above 0 and at most 1, not ${String(values.scale)}`);
  const runs = Number(values.runs ?? 1);
  if (!(Number.isInteger(runs) && runs > 0)) throw new TypeError(`--runs is a whole number from 1 on, not ${String(values.runs)}`);
  return {
    scale,
    runs,
    json: values.json,
    note: values.note,
    chosen: values.scenario?.split(',').map(scenarioNamed) ?? SCENARIOS,
    does: values.plot === true ? 'plot' : values.record === true ? 'record' : 'measure',
  };
};

const runOn = async (scenario: Scenario, scale: number): Promise<Measured> => {
  const programEnv = { ...PATIENT, ...scenario.programEnv };
  const stack = await startStack('real', { env: process.env, workers: scenario.workers ?? 1, profileDir: undefined, programEnv });
  const api = createApi({ url: stack.url, connections: CONNECTIONS, timeoutMs: TIMEOUT_MS });
  const limit = pause(scenario.limitMinutes * 60_000, undefined, { ref: false }).then((): never => {
    throw new Error(`${scenario.name} took longer than ${scenario.limitMinutes} minutes`);
  });
  try {
    const site = { stack, api, databaseUrl: stack.databaseUrl!, scaled: (count: number) => Math.max(1, Math.round(count * scale)) };
    return await Promise.race([scenario.run(site), limit, ...stack.programs.map(({ died }) => died)]);
  } finally {
    api.close();
    await stack.stop();
  }
};

const runsOf = async (scenario: Scenario, { scale, runs }: Options): Promise<Measured> => {
  const found: [Measured, ...Measured[]] = [await runOn(scenario, scale)];
  while (found.length < runs) {
    console.error(`${scenario.name} run ${found.length} of ${runs}: ${found.at(-1)!.figures.map(told).join(', ')}`);
    found.push(await runOn(scenario, scale));
  }
  return medians(found);
};

/** Each scenario by itself: one that fails is told, and takes nothing from the others. */
const measureAll = async (options: Options, keep: (found: Found) => void): Promise<readonly string[]> => {
  const failed: string[] = [];
  const { chosen, scale, runs } = options;
  console.log(`${machine()}; at ${String(scale)} of the full size, ${runs === 1 ? 'once' : `medians of ${runs} runs`}\n`);
  console.log([row(['scenario', 'figure', 'value', 'goal at full size']), row(['---', '---', '--:', '---'])].join('\n'));
  for (const scenario of chosen) {
    try {
      const { figures, curves = [] } = await runsOf(scenario, options);
      for (const figure of figures) console.log(row([scenario.name, figure.name, told(figure), figure.goal ?? '']));
      keep({ scenario: scenario.name, scale, runs, figures, curves });
    } catch (error) {
      console.error(error);
      failed.push(scenario.name);
    }
  }
  return failed;
};

const main = async (options: Options): Promise<void> => {
  if (options.does === 'plot') return draw(root);
  const { json, note } = options;
  // Asked first: after the measurement would be late.
  const commit = options.does === 'record' ? cleanCommit(root) : undefined;
  const results: Found[] = [];
  const failed = await measureAll(options, (found) => {
    results.push(found);
    const date = new Date().toISOString().slice(0, 10);
    // At once: what comes after it may take an hour, and be stopped.
    if (commit !== undefined) recordGrowth(root, [{ ...found, date, commit, machine: machine(), ...(note === undefined ? {} : { note }) }]);
  });
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ machine: machine(), results }, undefined, 2)}\n`);
  if (failed.length > 0) throw new Error(`${failed.join(', ')} failed`);
};

void runCommand(USAGE, optionsFrom, main);
