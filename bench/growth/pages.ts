/** PAGES: what 200 open pages cost a busy system: W1 five times over, alone and with the pages, in turn. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { allAtOnce, percentile, submitTogether, warmUp } from '../measure';
import { workloadNamed } from '../workloads';
import type { Measured, Scenario, Site } from './scenario';

const PAGES = 200;
const DIAMONDS = 5000;
const TASKS_EACH = 4;
const ROUNDS = 3;

interface Heard {
  readonly open: number;
  readonly events: number;
  readonly resets: number;
  readonly megabytes: number;
}

const startPages = async (url: string, pages: number): Promise<{ stop(): Promise<Heard> }> => {
  const child: ChildProcess = fork(path.join(__dirname, 'pagesPart.js'), [url, String(pages)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await once(child, 'message');
  return {
    stop: async () => {
      const heard = once(child, 'message');
      child.send('stop');
      const [told] = (await heard) as [Heard];
      await once(child, 'exit');
      return told;
    },
  };
};

const paceOf = async ({ api }: Site, diamonds: number): Promise<number> => {
  const { bodies } = workloadNamed('W1');
  const all = Array.from({ length: diamonds }, (_, i) => bodies[i % bodies.length]!);
  return ((diamonds * TASKS_EACH) / (await allAtOnce(api, all, submitTogether))) * 1000;
};

const run = async (site: Site): Promise<Measured> => {
  const [pages, diamonds] = [site.scaled(PAGES), site.scaled(DIAMONDS)];
  if (diamonds === DIAMONDS) await warmUp(site.api);
  const [alone, withPages]: [number[], number[]] = [[], []];
  const heard: Heard[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    alone.push(await paceOf(site, diamonds));
    const opened = await startPages(site.stack.url, pages);
    withPages.push(await paceOf(site, diamonds));
    heard.push(await opened.stop());
  }
  if (heard.some(({ open }) => open !== pages)) throw new Error(`of ${pages} pages some were cut off: ${JSON.stringify(heard)}`);
  const [one, other] = [percentile(alone, 0.5), percentile(withPages, 0.5)];
  const sum = (of: (each: Heard) => number): number => heard.reduce((all, each) => all + of(each), 0);
  const figures = [
    { name: 'W1 alone', value: one, unit: 'tasks/s' },
    { name: `W1 with ${pages} pages`, value: other, unit: 'tasks/s' },
    { name: 'of the pace alone', value: (other / one) * 100, unit: '%', goal: 'over 90' },
    { name: 'events that the pages were told', value: sum(({ events }) => events), unit: '' },
    { name: 'what they read', value: sum(({ megabytes }) => megabytes), unit: 'MB' },
    { name: 'pages that had to read anew', value: sum(({ resets }) => resets), unit: 'times' },
  ];
  return { figures };
};

export const pages: Scenario = { name: 'PAGES', about: 'W1 alone and with 200 open pages, in turn', limitMinutes: 5, run };
