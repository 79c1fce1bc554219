/** What every adapter of Archive must do. */
import { randomBytes } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gunzipSync } from 'node:zlib';
import type { Archive } from '../../src/ports/retention';

export interface ArchiveWorld {
  readonly archive: Archive;
  /** What is there, by name. */
  names(): Promise<readonly string[]>;
  read(name: string): Promise<Buffer>;
}

const NAME = 'dags-2026-03-01-first.ndjson.gz';
const MB = 1024 * 1024;

/** So many of them are a megabyte when compressed. */
const LINES_A_MB = 40;

/** Lines that hardly get smaller, so that a large archive has many parts. */
async function* randomLines(megabytes: number, seen: (line: number) => void = () => undefined): AsyncGenerator<string> {
  for (let line = 0; line < megabytes * LINES_A_MB; line++) {
    seen(line);
    yield await Promise.resolve(`${randomBytes(MB / LINES_A_MB).toString('base64')}\n`);
  }
}

/**
 * What is held goes up while a part fills and down when it has left, by how much depends on who is faster at that moment: so the least of a window that
 * is longer than a part is compared with the least of a later one. Whoever kept what was stored would hold 26 MB more by then.
 */
const [EARLY_MB, LATE_MB, WINDOW_MB] = [6, 32, 8];

// What nobody needs any more doesn't count. The memory of buffers is given back beside what runs, so the first collection may not be done with them.
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const heldBytes = (): number => {
  collect();
  collect();
  return process.memoryUsage().arrayBuffers;
};

async function* linesOf(...lines: readonly string[]): AsyncGenerator<string> {
  for (const line of lines) yield await Promise.resolve(`${line}\n`);
}

async function* breakingAfter(lines: AsyncIterable<string>): AsyncGenerator<string> {
  yield* lines;
  throw new Error('the database is gone');
}

export const archiveContract = (open: () => Promise<ArchiveWorld>): void => {
  let world: ArchiveWorld;
  beforeAll(async () => {
    world = await open();
  });
  const textOf = async (name: string): Promise<string> => gunzipSync(await world.read(name)).toString('utf8');

  test('what was stored is there as a whole, with its size; a name is taken over as a whole', async () => {
    const bytes = await world.archive.store(NAME, linesOf('{"dag":"a"}', '{"dag":"ö"}'));
    expect(await textOf(NAME)).toBe('{"dag":"a"}\n{"dag":"ö"}\n');
    expect((await world.read(NAME)).length).toBe(bytes);
    await world.archive.store(NAME, linesOf('{"dag":"b"}'));
    expect([await world.names(), await textOf(NAME)]).toEqual([[NAME], '{"dag":"b"}\n']);
    await world.archive.store('none', linesOf());
    expect(await textOf('none')).toBe('');
  });

  test.each([
    ['few lines', 0],
    ['more than a part', 7],
  ])('where the lines break off after %s, nothing new is there and what was there stays', async (_, megabytes) => {
    const before = await world.names();
    const breaking = () => breakingAfter(megabytes === 0 ? linesOf('{"dag":"c"}') : randomLines(megabytes));
    await expect(world.archive.store('broken', breaking())).rejects.toThrow('the database is gone');
    await expect(world.archive.store(NAME, breaking())).rejects.toThrow('the database is gone');
    expect([await world.names(), await textOf(NAME)]).toEqual([before, '{"dag":"b"}\n']);
  });

  test('a signal ends it at once, and nothing is left', async () => {
    const before = await world.names();
    const leaving = new AbortController();
    let asked = 0;
    const lines = randomLines(1_000, (line) => {
      asked = line;
      if (line === 7 * LINES_A_MB) leaving.abort();
    });
    await expect(world.archive.store('left', lines, leaving.signal)).rejects.toThrow();
    expect(asked).toBeLessThan(9 * LINES_A_MB);
    await expect(world.archive.store('left', linesOf('{"dag":"d"}'), AbortSignal.abort())).rejects.toThrow();
    expect(await world.names()).toEqual(before);
  });

  test('a large one is stored piece by piece: memory does not grow with what was stored', async () => {
    const held: number[] = [];
    const watch = (line: number): void => {
      if (line % LINES_A_MB === 0) held.push(heldBytes());
    };
    const leastFrom = (megabyte: number): number => Math.min(...held.slice(megabyte, megabyte + WINDOW_MB));
    const bytes = await world.archive.store('large', randomLines(LATE_MB + WINDOW_MB, watch));
    expect(bytes).toBeGreaterThan((LATE_MB + WINDOW_MB) * MB);
    expect((await world.read('large')).length).toBe(bytes);
    expect(held).toHaveLength(LATE_MB + WINDOW_MB);
    expect(leastFrom(LATE_MB) - leastFrom(EARLY_MB)).toBeLessThan(((LATE_MB - EARLY_MB) * MB) / 4);
  }, 120_000);
};
