import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { atEnd } from '../harness/cleanup';
import { freePort } from '../harness/ports';
import { startProcess } from '../harness/processes';
import { until, within } from '../harness/until';

const script = (text: string): string => {
  const folder = mkdtempSync(path.join(tmpdir(), 'harness-'));
  atEnd(() => {
    rmSync(folder, { recursive: true });
  });
  const file = path.join(folder, 'child.js');
  writeFileSync(file, text);
  return file;
};

const stubborn = 'process.on("SIGTERM", () => console.log("no")); setInterval(() => {}, 1000); console.log("here I am");';
const polite = 'process.on("SIGTERM", () => process.exit(7)); setInterval(() => {}, 1000); console.error("ready 42");';

describe('until', () => {
  test('answers what the condition answered', async () => {
    let looks = 0;
    await expect(until(() => (++looks === 3 ? 'third' : undefined), { what: 'three looks' })).resolves.toBe('third');
  });

  test('names what was awaited and what the last look said', async () => {
    const never = until(() => Promise.reject(new Error('not yet')), { what: 'the moon', timeoutMs: 30 });
    await expect(never).rejects.toThrow('waited 30 ms for the moon: the last look threw not yet');
  });

  test('within gives up on a promise that stays open', async () => {
    await expect(within(new Promise(() => undefined), { what: 'nothing', timeoutMs: 20 })).rejects.toThrow('waited 20 ms for nothing');
  });
});

describe('child processes', () => {
  test('are heard on both streams and asked to end', async () => {
    const child = await startProcess({ script: script(polite) });
    const match = await child.line(/ready (\d+)/);
    expect(match[1]).toBe('42');
    expect(child.stdout()).toBe('');
    await expect(child.terminate()).resolves.toEqual({ code: 7, signal: null });
  });

  test('that refuse to end are killed and complained about', async () => {
    const child = await startProcess({ script: script(stubborn) });
    await child.line(/here I am/);
    await expect(child.terminate(200)).rejects.toThrow('here I am');
    await expect(child.exited).resolves.toEqual({ code: null, signal: 'SIGKILL' });
  });

  test('get no variable of the test run beside a few', async () => {
    const child = await startProcess({ script: script('console.log(Object.keys(process.env).sort().join(" "))'), env: { MINE: '1' } });
    await child.exited;
    expect(child.stdout().trim()).toBe('HOME MINE PATH TEST_CHILDREN_FILE');
  });

  test('that end before their line came are reported with their output', async () => {
    const child = await startProcess({ script: script('console.log("bye")') });
    await expect(child.line(/never/)).rejects.toThrow('bye');
  });
});

test('free ports differ from each other', async () => {
  const ports = await Promise.all([freePort(), freePort(), freePort()]);
  expect(new Set(ports).size).toBe(3);
});
