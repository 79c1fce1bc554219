/** What a process tells, held against docs/metrics.md and Prometheus' own conventions. */
import type { Teller } from '../../src/observe/meters';
import { promtool } from '../harness/prometheus';
import { documented, type Documented } from './metricsDocument';

const linesOf = (text: string, kind: 'TYPE' | 'HELP'): Record<string, string> =>
  Object.fromEntries([...text.matchAll(new RegExp(`^# ${kind} (\\w+) (.*)$`, 'gm'))].map(([, name, rest]) => [name!, rest!]));

/** The labels of a metric's series. */
const labelsIn = (text: string, { name, type }: Documented): string[] => {
  const found = new Set<string>();
  for (const [, labels] of text.matchAll(new RegExp(`^${name}${type === 'histogram' ? '(?:_bucket|_sum|_count)' : ''}\\{([^}]*)\\}`, 'gm')))
    for (const [, label] of labels!.matchAll(/(\w+)="/g)) if (label !== 'le') found.add(label!);
  return [...found];
};

/** Expects exactly the documented metrics of these tellers, of their types and with their words and labels; promtool may object to one name alone. */
export const expectTold = async (text: string, tellers: readonly Teller[]): Promise<void> => {
  const expected = documented().filter(({ by }) => by.some((teller) => tellers.includes(teller)));
  const [types, helps] = [linesOf(text, 'TYPE'), linesOf(text, 'HELP')];
  expect(Object.keys(types).sort()).toEqual(expected.map(({ name }) => name).sort());
  for (const metric of expected) {
    const { name, type, help } = metric;
    expect({ name, type: types[name], help: helps[name] }).toEqual({ name, type, help });
    expect(labelsIn(text, metric).filter((label) => !metric.labels.includes(label) && name !== 'nodejs_version_info')).toEqual([]);
  }
  const { output } = await promtool(['check', 'metrics'], text);
  // A name of the original, which is kept.
  expect(output.replace('worker_count non-histogram and non-summary metrics should not have "_count" suffix\n', '')).toBe('');
};
