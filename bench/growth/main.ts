/** npm run growth -- [options]: what becomes of rates, latencies and memory where DAGs, backlogs and histories grow. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createApi } from '../api';
import { runCommand } from '../command';
import { machine, row } from '../report';
import { startStack } from '../stacks';
import { backlog } from './backlog';
import { history } from './history';
import { large } from './large';
import type { Figure, Scenario } from './scenario';

const SCENARIOS: readonly Scenario[] = [large, backlog, history];
const CONNECTIONS = 8;
const TIMEOUT_MS = 1_800_000;

const USAGE = `npm run growth -- [options]

  --scenario W6,W7    which (all by default):
${SCENARIOS.map(({ name, about }) => `                        ${name}  ${about}`).join('\n')}
  --scale 0.01        the part of that size; 1 by default
  --json FILE         writes the figures

It needs the services that scripts/services up starts, or DATABASE_URL, KAFKA_BROKERS and REDIS_URL.
`;

const scenarioNamed = (name: string): Scenario => {
  const found = SCENARIOS.find((scenario) => scenario.name === name.trim().toUpperCase());
  if (found === undefined) throw new TypeError(`there is no scenario ${name}`);
  return found;
};

interface Options {
  readonly chosen: readonly Scenario[];
  readonly scale: number;
  readonly json: string | undefined;
}

const optionsFrom = (args: readonly string[]): Options | undefined => {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ args: [...args], options: { scenario: text, scale: text, json: text, help: { type: 'boolean', short: 'h' } } });
  if (values.help === true) return undefined;
  const scale = Number(values.scale ?? 1);
  if (!(scale > 0 && scale <= 1)) throw new TypeError(`--scale is above 0 and at most 1, not ${String(values.scale)}`);
  return { scale, json: values.json, chosen: values.scenario?.split(',').map(scenarioNamed) ?? SCENARIOS };
};

const runOn = async (scenario: Scenario, scale: number): Promise<readonly Figure[]> => {
  const stack = await startStack('real', { env: process.env, workers: 1, profileDir: undefined });
  const api = createApi({ url: stack.url, connections: CONNECTIONS, timeoutMs: TIMEOUT_MS });
  try {
    const site = { stack, api, databaseUrl: stack.databaseUrl!, scaled: (count: number) => Math.max(1, Math.round(count * scale)) };
    return await Promise.race([scenario.run(site), ...stack.programs.map(({ died }) => died)]);
  } finally {
    api.close();
    await stack.stop();
  }
};

const shown = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 2 : 0 });

const main = async ({ chosen, scale, json }: Options): Promise<void> => {
  const results: { readonly scenario: string; readonly scale: number; readonly figures: readonly Figure[] }[] = [];
  console.log(`${machine()}; at ${String(scale)} of the full size\n`);
  console.log([row(['scenario', 'figure', 'value', 'goal at full size']), row(['---', '---', '--:', '---'])].join('\n'));
  for (const scenario of chosen) {
    const figures = await runOn(scenario, scale);
    results.push({ scenario: scenario.name, scale, figures });
    for (const { name, value, unit, goal = '' } of figures) console.log(row([scenario.name, name, `${shown(value)} ${unit}`.trim(), goal]));
  }
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ machine: machine(), results }, undefined, 2)}\n`);
};

void runCommand(USAGE, optionsFrom, main);
