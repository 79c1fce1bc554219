/** What is kept no longer, in the compiled program. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { atEnd } from '../harness/cleanup';
import { openEvents } from '../harness/sse';
import { startStandalone } from '../harness/stacks';
import { until } from '../harness/until';

test('a DAG that is kept no longer is in the archive with all of its tasks, and gone from the API, as open pages are told; what is kept is there', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'kept-'));
  atEnd(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const archiveDir = path.join(folder, 'archive');
  // A tenth of a second.
  const { api, url } = await startStandalone({
    env: { RETENTION_COMPLETED_DAYS: '0.000001', RETENTION_FAILED_DAYS: '30', RETENTION_CANCELLED_DAYS: '30', RETENTION_ARCHIVE_DIR: archiveDir },
  });
  const page = await openEvents(`${url}/api/v1/stream?topics=dags`);
  const task = (name: string, failureRate: number) => ({
    taskName: name,
    type: 'NOTIFICATION',
    maxRetries: 0,
    simulate: { durationMs: 5, failureRate },
  });
  const gone = await api.submit({ dagName: 'gone', tasks: [task('first', 0), { ...task('second', 0), dependencies: ['first'] }] });
  const kept = await api.submit({ dagName: 'kept', tasks: [task('bad', 1)] });
  await api.wait(kept.dagId, { timeoutMs: 20_000 });

  const isGone = async (): Promise<boolean> => (await fetch(`${url}/api/v1/dags/${gone.dagId}`)).status === 404;
  await until(isGone, { what: 'the DAG to be gone', timeoutMs: 30_000 });
  await page.next('word of its removal', ({ event, data }) => event === 'dags' && (data as { removed: string[] }).removed.includes(gone.dagId));
  page.close();
  expect((await api.dag(kept.dagId)).status).toBe('FAILED');
  // Months to come were cut off ahead meanwhile, and work goes on.
  const cuts = async (): Promise<boolean> => /^month_cuts_total\{outcome="cut"\} 2$/m.test(await (await fetch(`${url}/actuator/prometheus`)).text());
  await until(cuts, { what: 'two months to be cut off', timeoutMs: 30_000 });
  const later = await api.submit({ dagName: 'later', tasks: [task('bad', 1)] });
  expect((await api.wait(later.dagId, { timeoutMs: 20_000 })).status).toBe('FAILED');
  const [file, ...others] = readdirSync(archiveDir);
  expect(others).toEqual([]);
  const lines = gunzipSync(readFileSync(path.join(archiveDir, file!)))
    .toString('utf8')
    .trim()
    .split('\n');
  const rows = lines.map((line) => JSON.parse(line) as { table: string; row: { name: string; status: string } });
  expect(rows.map(({ table, row }) => [table, row.name, row.status])).toEqual([
    ['dags', 'gone', 'COMPLETED'],
    ['tasks', 'first', 'COMPLETED'],
    ['tasks', 'second', 'COMPLETED'],
  ]);
}, 90_000);
