import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import type { DagSubmission } from '../../src/sdk';
import { runProgram } from '../../src/cli/program';
import { createTerminal } from '../../src/cli/terminal';
import { freePort } from '../harness/ports';
import { serving } from '../sdk/serving';

const fixtures = path.join(__dirname, '../fixtures');
const genome = path.join(fixtures, 'wfformat-1000genome-excerpt.json');
const slim = path.join(fixtures, 'workflows-slim.ndjson');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'dts-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const fileOf = (name: string, content: string | Buffer): string => {
  writeFileSync(path.join(folder, name), content);
  return path.join(folder, name);
};

const dts = async (args: readonly string[], stdin = ''): Promise<{ code: number; out: string; err: string }> => {
  let [out, err] = ['', ''];
  const stdout = { write: (text: string) => void (out += text) };
  const stderr = { write: (text: string) => void (err += text) };
  const terminal = createTerminal({ stdout, stderr, colours: false });
  const code = await runProgram(
    args,
    { terminal, stdin: Readable.from([Buffer.from(stdin)]), now: () => 0, pause: () => Promise.resolve() },
    '1.2.3',
  );
  return { code, out, err };
};

const dryRun = async (...args: readonly string[]): Promise<DagSubmission[]> => {
  const { out } = await dts(['import', '--dry-run', ...args]);
  return out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as DagSubmission);
};

describe('import --dry-run', () => {
  test('reads WfFormat and slim files, packed or not, and the standard input', async () => {
    const packed = fileOf('slim.ndjson.gz', gzipSync(readFileSync(slim)));
    expect((await dryRun(genome)).map(({ tasks }) => tasks.length)).toEqual([5]);
    expect(await dryRun(packed)).toEqual(await dryRun(slim));
    expect(await dryRun(genome, slim)).toHaveLength(3);
    const { out } = await dts(['import', '--dry-run', '-'], readFileSync(slim, 'utf8'));
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as DagSubmission),
    ).toEqual(await dryRun(slim));
  });

  test('settings arrive in every task', async () => {
    const [submission] = await dryRun(genome, '--scale', '0', '--failure-rate', '0.1', '--max-retries', '8');
    expect(submission?.maxRetries).toBe(8);
    for (const task of submission?.tasks ?? []) expect(task.simulate).toEqual({ durationMs: 0, failureRate: 0.1 });
  });
});

describe('wrong usage ends with code 2 and a sentence', () => {
  test.each([
    [['import', 'nowhere.json'], /nowhere\.json can't be read: .*ENOENT/],
    [['import', '--dry-run', path.join(__dirname, '../../sample-dag.json')], /is no recorded workflow/],
    [['dlq', 'replay'], /which letters\? Give ids, a filter, or --all/],
    [['dlq', 'discard', '7', '--all'], /give ids or a filter, not both/],
    [['retry', 'some-id', '--payload', '{a}'], /the argument is no JSON: /],
    [['mark', 'some-id', '--as', 'COMPLETED', '--result', '@nowhere.json'], /nowhere\.json can't be read: .*ENOENT/],
    [['list', '--url', 'localhost:8080'], /^error: --url or DTS_URL: "localhost:8080" is no address like http:\/\/localhost:8080$/m],
    [['list', '--url', 'nowhere'], /"nowhere" is no address/],
    [['submit', 'nowhere.yaml'], /nowhere\.yaml can't be read: .*ENOENT/],
    [
      ['submit', path.join(__dirname, '../../sample-dag.json'), '--idempotency-key', 'today…'],
      /"today…" can't be sent as the header idempotency-key/,
    ],
  ])('%j', async (args, text) => {
    const { code, err } = await dts(args);
    expect([code, err]).toEqual([2, expect.stringMatching(text)]);
  });

  test.each([
    ['broken.json', '{"a": 1,}', /broken\.json is no JSON: /],
    ['broken.yaml', 'a: [1\nb: }', /broken\.yaml is no YAML: .*line 2/s],
    ['nobody.yaml', 'a: *nobody', /nobody\.yaml (is no YAML|can't be read as YAML): .*nobody/],
    ['bomb.yaml', `a: &a [x, x]\nb: &b [${'*a, '.repeat(60)}]\nc: [${'*b, '.repeat(60)}]`, /bomb\.yaml can't be read as YAML: Excessive alias count/],
  ])('%s', async (name, content, text) => {
    const { code, err } = await dts(['submit', fileOf(name, content)]);
    expect([code, err]).toEqual([2, expect.stringMatching(text)]);
  });

  test('a damaged line is named by its number', async () => {
    const { code, err } = await dts(['import', '--dry-run', fileOf('bad.ndjson', '{"source": "a", "tasks": []}\n{"source":\n')]);
    expect([code, err]).toEqual([2, expect.stringMatching(/bad\.ndjson:2 is no JSON/)]);
  });
});

test('nobody at the address: code 5 and the way out', async () => {
  const url = `http://127.0.0.1:${String(await freePort())}`;
  const { code, err } = await dts(['list', '--url', url]);
  expect(code).toBe(5);
  expect(err).toMatch(/^error: no answer from http:.*ECONNREFUSED.*\n {2}Is the scheduler running there\? Another address: --url or DTS_URL\.\n$/);
});

test('somebody else at the address: the same, and what it sends', async () => {
  const server = createServer((_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>hello</html>'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    for (const command of [['list'], ['status', 'D'], ['submit', fileOf('some.yaml', 'dagName: some')], ['workers'], ['doctor']]) {
      const { code, err } = await dts([...command, '--url', url]);
      expect({ command, code, err }).toEqual({
        command,
        code: 5,
        err: `error: no answer from ${url}: what answers there is no scheduler: it sends text/html that is no JSON\n  Is the scheduler running there? Another address: --url or DTS_URL.\n`,
      });
    }
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('a fault of dts has a code of its own, and its stack', async () => {
  const url = await serving((_request, response) => response.end('{}'));
  const { code, out, err } = await dts(['list', '--url', url]);
  expect([code, out, err]).toEqual([70, '', expect.stringMatching(/^dts itself failed: TypeError: .*\n {4}at /)]);
});

test('a server that has moved is told with its address, and nothing is said to be submitted', async () => {
  const url = await serving((request, response) => {
    if (request.method === 'GET') response.end('{"items": [], "nextCursor": null}');
    else response.writeHead(301, { location: 'https://there.example/api/v1/dags' }).end();
  });
  const { code, out, err } = await dts(['submit', '--url', url, fileOf('moved.yaml', 'dagName: moved')]);
  expect([code, out, err]).toEqual([5, '', expect.stringContaining('it redirects (301) to https://there.example/api/v1/dags')]);
});

test('an empty file or standard input is told before anything is asked', async () => {
  const file = fileOf('empty.json', '');
  expect(await dts(['submit', file])).toMatchObject({ code: 2, err: `error: ${file} is empty\n` });
  expect(await dts(['submit', '-'], ' \n')).toMatchObject({ code: 2, err: 'error: the standard input is empty\n' });
});

describe('completion', () => {
  const complete = (script: string, words: readonly string[]): string[] => {
    const line = words.map((word) => `'${word}'`).join(' ');
    const ask = `${script}\nCOMP_WORDS=(dts ${line}); COMP_CWORD=${String(words.length)}; _dts; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['-c', ask], { encoding: 'utf8', cwd: folder }).trim().split('\n');
  };

  test('bash completes commands, options, shells and files', async () => {
    const { out } = await dts(['completion', 'bash']);
    fileOf('only-file.json', '{}');
    expect(complete(out, ['s'])).toEqual(['submit', 'status', 'skip', 'schedules', 'subscriptions']);
    expect(complete(out, ['dlq', ''])).toEqual(expect.arrayContaining(['list', 'show', 'replay', 'discard']));
    expect(complete(out, ['dlq', 'replay', '--ra'])).toEqual(['--rate']);
    expect(complete(out, ['hold', '--un'])).toEqual(['--until']);
    expect(complete(out, ['submit', '--w'])).toEqual(['--wait']);
    expect(complete(out, ['--json', 'list', '--st'])).toEqual(['--status']);
    expect(complete(out, ['completion', 'z'])).toEqual(['zsh']);
    expect(complete(out, ['import', '--wait', 'only'])).toEqual(['only-file.json']);
  });

  test('zsh and fish know every command', async () => {
    for (const shell of ['zsh', 'fish']) {
      const { out } = await dts(['completion', shell]);
      for (const command of ['submit', 'status', 'watch', 'list', 'explain', 'cancel', 'edit', 'dlq', 'discard', 'import', 'completion'])
        expect(out).toContain(command);
    }
  });
});

test('a live picture fits the terminal as it is at that moment', () => {
  let written = '';
  const stdout = { write: (text: string) => void (written += text), isTTY: true, columns: 20, rows: 3 };
  const terminal = createTerminal({ stdout, stderr: stdout, colours: false });
  terminal.redraw(['a\tb', '日本語', 'a line too many']);
  Object.assign(stdout, { columns: 5, rows: 6 });
  terminal.redraw(['too long', '日本語', 'one', 'two']);
  expect(written).toBe('\x1b[Ja b\n日本語\n\x1b[2A\x1b[Jtoo …\n日本…\none\ntwo\n');
  expect([terminal.columns, terminal.rows]).toEqual([5, 6]);
});

test('a live picture goes up over what it drew before', () => {
  let written = '';
  const terminal = createTerminal({
    stdout: { write: (text) => void (written += text), isTTY: true, columns: 5 },
    stderr: { write: () => undefined },
    colours: false,
  });
  terminal.redraw(['first', 'too long']);
  terminal.redraw(['next']);
  expect(written).toBe('\x1b[Jfirst\ntoo …\n\x1b[2A\x1b[Jnext\n');
});
