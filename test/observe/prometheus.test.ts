/** What is shipped for Prometheus and Grafana, without a running system: test/integration/observed.test.ts asks one. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { dashboards, type Panel } from '../harness/dashboards';
import { projectRoot } from '../harness/processes';
import { promtool } from '../harness/prometheus';
import { ALL_TELLERS, describedBy } from './metricsDocument';

const RULES = 'config/prometheus/rules';
const read = (file: string): string => readFileSync(path.join(projectRoot, file), 'utf8');

const known = new Set(
  describedBy(ALL_TELLERS).flatMap(({ name, type }) => (type === 'histogram' ? ['bucket', 'sum', 'count'].map((part) => `${name}_${part}`) : [name])),
);
/** Names in an expression that would be metrics of ours, without functions, labels and texts. */
const metricsIn = (expression: string): string[] =>
  [
    ...expression
      .replaceAll(/"[^"]*"|\b(by|on|without) \([^)]*\)|\[[^\]]*\]/g, '')
      .replaceAll(/[{,]\s*\w+\s*(=~|!~|!=|=)/g, '')
      .matchAll(/\b[a-z]\w*_\w+\b(?!\s*\()/g),
  ]
    .map(([name]) => name)
    .filter((name) => !name.startsWith('histogram_quantile') && name !== 'on');

test('the configuration and the rules are valid', async () => {
  const { code, output } = await promtool(['check', 'config', 'config/prometheus/prometheus.yml']);
  expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('2 rule files found') });
});

test('each rule does what it is for', async () => {
  const { code, output } = await promtool(['test', 'rules', 'test/observe/rules/rules.yml']);
  expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
  const alerts = (parse(read(`${RULES}/alerts.yml`)) as { groups: { rules: { alert: string }[] }[] }).groups.flatMap(({ rules }) => rules);
  const tests = read('test/observe/rules/rules.yml');
  const untested = alerts.filter(({ alert }) => !new RegExp(`alertname: ${alert}\\n\\s+exp_alerts:\\n`).test(tests));
  expect(untested.map(({ alert }) => alert)).toEqual([]);
});

test('rules and dashboards ask for metrics that there are', () => {
  const rules = ['alerts', 'recording'].flatMap((name) =>
    (parse(read(`${RULES}/${name}.yml`)) as { groups: { rules: { expr: string }[] }[] }).groups.flatMap(({ rules: all }) =>
      all.map(({ expr }) => expr),
    ),
  );
  const panels = dashboards().flatMap(({ panels: all }) => all.flatMap(({ targets }) => targets.map(({ expr }) => expr)));
  const asked = [...new Set([...rules, ...panels].flatMap(metricsIn))];
  expect(asked.length).toBeGreaterThan(40);
  expect(asked.filter((name) => !known.has(name))).toEqual([]);
});

const overlap = ({ gridPos: a }: Panel, { gridPos: b }: Panel): boolean => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

describe.each(dashboards().map((dashboard) => [dashboard.uid, dashboard] as const))(
  'the dashboard %s',
  (_uid, { panels, templating, uid, title }) => {
    test('has panels with ids of their own, beside each other and within the page', () => {
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
      const clashes = panels.flatMap((a) => panels.filter((b) => a.id < b.id && overlap(a, b)).map((b) => `${a.title} and ${b.title}`));
      expect(clashes).toEqual([]);
      for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (const { title: name, description } of panels) expect([name, description]).not.toContain('');
      expect(uid).toMatch(/^task-scheduler-/);
      expect(title).not.toBe('');
    });

    test('asks the provisioned data source, or the one that is chosen where it is imported', () => {
      const sources = (parse(read('config/grafana/provisioning/datasources/prometheus.yml')) as { datasources: { uid: string; type: string }[] })
        .datasources;
      const asked = panels.flatMap((panel) => [panel.datasource, ...panel.targets.map(({ datasource }) => datasource)]);
      expect([...new Set(asked.map(({ uid: source }) => source))]).toEqual(['${datasource}']);
      const variable = templating.list.find(({ name }) => name === 'datasource');
      expect(variable).toMatchObject({ type: 'datasource', query: 'prometheus', current: { value: sources[0]!.uid } });
      expect(sources.map(({ type }) => type)).toEqual(['prometheus']);
    });
  },
);

test('the uids of dashboards are their own', () => {
  const uids = dashboards().map(({ uid }) => uid);
  expect(new Set(uids).size).toBe(uids.length);
});
