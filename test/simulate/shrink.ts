/** The least of a failing seed that still fails: faults and DAGs are left out one by one. */
import { runSeed, type Kept, type Outcome } from './run';

const fails = (outcome: Outcome, rule: string): boolean => outcome.violations.some((violation) => violation.rule === rule);

/** Answers what must be kept, and the run of it; undefined where the seed doesn't fail. */
export const shrink = async (seed: number): Promise<{ readonly kept: Kept; readonly outcome: Outcome } | undefined> => {
  let outcome = await runSeed(seed);
  const rule = outcome.violations[0]?.rule;
  if (rule === undefined) return undefined;
  let faults = Array.from({ length: outcome.shape.faults }, (_, i) => i);
  let dags = Array.from({ length: outcome.shape.dags }, (_, i) => i);
  for (const dag of [...dags].reverse()) {
    const fewer = dags.filter((each) => each !== dag);
    if (fewer.length === 0) break;
    const tried = await runSeed(seed, { faults, dags: fewer });
    if (fails(tried, rule)) [dags, outcome] = [fewer, tried];
  }
  for (const fault of [...faults]) {
    const fewer = faults.filter((each) => each !== fault);
    const tried = await runSeed(seed, { faults: fewer, dags });
    if (fails(tried, rule)) [faults, outcome] = [fewer, tried];
  }
  let commands = Array.from({ length: outcome.shape.commands }, (_, i) => i);
  for (const command of [...commands]) {
    const fewer = commands.filter((each) => each !== command);
    const tried = await runSeed(seed, { faults, dags, commands: fewer });
    if (fails(tried, rule)) [commands, outcome] = [fewer, tried];
  }
  return { kept: { faults, dags, commands }, outcome };
};

const NOISE = new Set(['limits', 'session', 'appended', 'committed', 'granted', 'sent', 'stored', 'accepted', 'final']);

/** The shrunk run in a few lines: faults, lives of processes, and what befell the task that went wrong. */
export const traceOf = ({ entries, violations }: Outcome): string[] => {
  const what = violations[0]?.what ?? '';
  const task = /([0-9a-f]{8}-[0-9a-f-]{27})\/(\d+)/.exec(what);
  const isOurs = (entry: Outcome['entries'][number]): boolean =>
    'dag' in entry && entry.dag === task?.[1] && 'task' in entry && entry.task === Number(task[2]);
  const json = (value: unknown): string =>
    JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each)).slice(0, 200);
  return entries
    .filter((entry) => (!NOISE.has(entry.kind) ? !('dag' in entry) || isOurs(entry) : isOurs(entry)))
    .slice(0, 120)
    .map(({ at, ...rest }) => `${String(Math.round(at)).padStart(7)} ms  ${json(rest)}`);
};
