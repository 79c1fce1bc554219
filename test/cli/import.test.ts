/** `dts import` against a server that refuses some of what it is given. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DagSubmission, DagView } from '../../src/sdk';
import { atEnd } from '../harness/cleanup';
import { answering, type Answering } from './answering';
import { dagView } from './views';

let server: Answering;
beforeEach(async () => {
  server = await answering();
  server.answers.set('POST /api/v1/dags', (asked) => {
    const { dagName } = asked as DagSubmission;
    if (dagName === 'bad') return { status: 422, body: { title: 'The DAG cannot be run', code: 'INVALID_DAG', detail: 'a cycle' } };
    return { status: 201, body: dagView({ dagId: `id-${dagName}`, dagName, totalTasks: 1 }) };
  });
});
afterEach(() => server.close());

const folder = mkdtempSync(path.join(tmpdir(), 'dts-import-'));
atEnd(() => {
  rmSync(folder, { recursive: true });
});

const fileOf = (names: readonly string[]): string => {
  const file = path.join(folder, 'some.ndjson');
  writeFileSync(file, names.map((source) => `${JSON.stringify({ source, tasks: [['t', [], 1]] })}\n`).join(''));
  return file;
};
const good = Array.from({ length: 20 }, (_, i) => `w${String(i)}`);

test('each refusal is told with its file and line, and all the others are submitted', async () => {
  const file = fileOf(['bad', ...good, 'bad']);
  const { code, out, err } = await server.dts('import', file);
  expect(code).toBe(4);
  expect(out.trim().split('\n').sort()).toEqual(good.map((name) => `id-${name}  ${name}: 1 task submitted`).sort());
  for (const line of [1, 22])
    expect(err).toContain(`${file}:${String(line)}: the server refused: The DAG cannot be run 422 INVALID_DAG\n  a cycle\n`);
  expect(err).toMatch(/\n20 of 22 workflows submitted\n$/);
  const json = await server.dts('--json', 'import', file);
  expect([json.code, (JSON.parse(json.out) as DagView[]).map(({ dagName }) => dagName)]).toEqual([4, good]);
});

test('where nobody takes submissions no more than are under way are tried, and what was submitted before is told', async () => {
  let taken = 0;
  server.answers.set('POST /api/v1/dags', () => {
    taken += 1;
    if (taken > 10) return { status: 301, headers: { location: 'https://there.example/' }, body: undefined };
    return { status: 201, body: dagView({ dagId: `id-${String(taken)}` }) };
  });
  const { code, out, err } = await server.dts('import', fileOf([...good, ...good, ...good]));
  expect(code).toBe(5);
  expect(out.trim().split('\n')).toHaveLength(10);
  expect(err).toMatch(/\n10 of 60 workflows submitted\n$/);
  expect(server.heard.length).toBeLessThanOrEqual(18);
});
