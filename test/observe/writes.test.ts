import { failure } from '../../src/core/failure';
import { createEmitter } from '../../src/lifecycle/emitter';
import { createWrites } from '../../src/observe/writes';
import type { Happenings } from '../../src/ports/happenings';
import { createVirtualClock } from '../lifecycle/virtualClock';

test('submissions that the database refuses count as well, though commits go on', async () => {
  const { announce, listen } = createEmitter<Happenings>(() => undefined);
  const writes = createWrites({ listen, clock: createVirtualClock() });
  const fates = [failure('STORE_UNAVAILABLE', 'no space left'), undefined];
  const admit = writes.watched((text: string) => {
    const fate = fates.shift();
    return fate === undefined ? Promise.resolve(text) : Promise.reject(fate);
  });
  await expect(admit('dag')).rejects.toThrow('no space left');
  announce('commit.done', { events: 1, tasks: 1, dags: 0, tookMs: 1 });
  expect(() => {
    writes.check();
  }).toThrow('no space left');
  await expect(admit('dag')).resolves.toBe('dag');
  writes.check();
});

test('a database that refuses commits is not well until one succeeds, or none was tried for a while', async () => {
  const clock = createVirtualClock();
  const { announce, listen } = createEmitter<Happenings>(() => undefined);
  const writes = createWrites({ listen, clock });
  const check = (): void => {
    writes.check();
  };
  const refuse = (error: Error): void => {
    announce('commit.failed', { error, shards: [0] });
  };
  expect(check).not.toThrow();
  refuse(failure('STORE_UNAVAILABLE', 'no space left'));
  expect(check).toThrow('no space left');
  announce('commit.done', { events: 1, tasks: 1, dags: 0, tookMs: 1 });
  expect(check).not.toThrow();
  refuse(failure('STORE_UNAVAILABLE', 'no space left'));
  await clock.advance(5_000);
  expect(check).not.toThrow();
  // Another owner of the shard, or content that can't be stored, say nothing about the database.
  refuse(failure('STALE_EPOCH', 'taken'));
  refuse(failure('UNSTORABLE', 'bad'));
  expect(check).not.toThrow();
});
