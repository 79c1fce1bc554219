import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { projectRoot } from '../harness/processes';

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly datasource: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
}

const read = (file: string): string => readFileSync(path.join(projectRoot, 'config/grafana', file), 'utf8');
const { panels } = JSON.parse(read('dashboards/overview.json')) as { panels: readonly Panel[] };
const sources = (parse(read('provisioning/datasources/prometheus.yml')) as { datasources: { uid: string }[] }).datasources;

const overlap = ({ gridPos: a }: Panel, { gridPos: b }: Panel): boolean => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

test('panels have ids of their own and lie beside each other', () => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const clashes = panels.flatMap((a) => panels.filter((b) => a.id < b.id && overlap(a, b)).map((b) => `${a.title} and ${b.title}`));
  expect(clashes).toEqual([]);
});

test('every panel asks the data source that is provisioned', () => {
  const asked = panels.flatMap((panel) => [panel.datasource.uid, ...panel.targets.map(({ datasource }) => datasource.uid)]);
  expect([...new Set(asked)]).toEqual(sources.map(({ uid }) => uid));
});

test('the dashboard shows the four metrics and no unknown one', () => {
  const names = panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => expr.match(/\b(task|worker)_[a-z_]+/g) ?? []));
  const families = names.map((name) => name.replace(/_(bucket|sum|count)$/, (suffix) => (name === 'worker_count' ? suffix : '')));
  expect([...new Set(families)].sort()).toEqual(['task_execution_time', 'task_queue_size', 'task_success_rate', 'worker_count']);
});
