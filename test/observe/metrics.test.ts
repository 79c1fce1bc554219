import { createEmitter } from '../../src/lifecycle/emitter';
import { createMeters } from '../../src/observe/meters';
import { createMetrics } from '../../src/observe/metrics';
import type { Happenings } from '../../src/ports/happenings';
import { promtool } from '../harness/prometheus';
import { createVirtualClock } from '../lifecycle/virtualClock';
import { ALL_TELLERS, describedBy, documented, metricsDocument } from './metricsDocument';
import { expectRecorded } from './recorded';

/** Names of the original, which are kept as they are. */
const KEPT = new Set(['task_queue_size', 'task_execution_time', 'task_success_rate', 'worker_count']);

test('docs/metrics.md is what the code says', () => {
  expectRecorded('metrics.md', metricsDocument());
  expect(documented().map(({ name }) => name)).toHaveLength(describedBy(ALL_TELLERS).length);
});

test('units are base units and stand in the names, and no label is an id', () => {
  for (const { name, unit, type, labels } of describedBy(ALL_TELLERS)) {
    if (!KEPT.has(name)) {
      for (const base of ['seconds', 'bytes', 'ratio'])
        expect({ name, says: new RegExp(`_${base}(_|$)`).test(name) }).toEqual({ name, says: unit === base });
      expect({ name, isTotal: name.endsWith('_total') }).toEqual({ name, isTotal: type === 'counter' });
    }
    expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
    for (const label of labels) expect(label).not.toMatch(/(^|_)(id|dag|task|session|worker)$/);
  }
});

test('second names say what the first ones say', async () => {
  const { announce, listen } = createEmitter<Happenings>(() => undefined);
  const metrics = createMetrics({
    ...{ listen, clock: createVirtualClock(), tellers: new Set(ALL_TELLERS), process: { role: 'standalone', version: '1' }, types: ['A'] },
    workers: () => [],
    census: () => ({ waiting: [{ type: 'A', priority: 5, size: 3 }], running: new Map() }),
  });
  announce('lead.changed', { fence: '1' });
  announce('execution.finished', { dag: 'd', task: 't', type: 'A', attempt: 1, worker: 'w', outcome: 'failed', runningMs: 2500 });
  announce('task.finished', { type: 'A', outcome: 'SKIPPED', attempts: 1 });
  const text = await metrics.text();
  const samples = (name: string): string[] =>
    text
      .split('\n')
      .filter((line) => new RegExp(`^${name}(_bucket|_sum)?[{ ]`).test(line))
      .map((line) => line.slice(name.length));
  for (const [kept, beside] of [
    ['task_queue_size', 'tasks_queued'],
    ['task_execution_time', 'task_execution_seconds'],
    ['worker_count', 'workers'],
  ]) {
    expect(samples(kept!)).toEqual(samples(beside!));
    expect(samples(kept!).length).toBeGreaterThan(0);
  }
  // What was skipped is final and not completed.
  expect([...samples('task_success_rate'), ...samples('task_success_ratio')]).toEqual([' 0', ' 0']);
  expect(text).toContain('task_execution_time_sum{type="A"} 2.5');
  expect(text).toContain('task_execution_time_bucket{le="1",type="A"} 0\ntask_execution_time_bucket{le="2.5",type="A"} 1');
  // The one name of the original that the conventions have another use for.
  const { code, output } = await promtool(['check', 'metrics'], text);
  expect({ code, output }).toEqual({
    code: 3,
    output: expect.stringMatching(/^worker_count non-histogram and non-summary metrics should not have "_count" suffix\n$/),
  });
});

test('a value that can not be read has no series, and the others are there all the same', async () => {
  const meters = createMeters(new Set(['process']));
  const told = { help: 'x', unit: 'things', by: ['process'] } as const;
  meters.gauge({ ...told, name: 'broken', labels: ['a'], read: () => Promise.reject(new Error('away')) });
  meters.gauge({ ...told, name: 'whole', read: () => [[7]] });
  meters
    .counter({ ...told, name: 'elsewhere_total', by: ['worker'] })
    .of()
    .add();
  const text = await meters.registry.metrics();
  expect(text).not.toMatch(/^broken\{/m);
  expect(text).toContain('whole 7\n');
  expect(text).not.toContain('elsewhere_total');
});
