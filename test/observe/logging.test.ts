import { failure } from '../../src/core/failure';
import { redactionOf } from '../../src/core/redact';
import { createEmitter } from '../../src/lifecycle/emitter';
import { createLog, logHappenings } from '../../src/observe/logging';
import type { Happenings } from '../../src/ports/happenings';
import { createVirtualClock } from '../lifecycle/virtualClock';

test('a step that fails many times a second is told once in a while; another failure of it at once', async () => {
  const lines: { loop?: string; keptBack?: number; error?: { message: string } }[] = [];
  const log = createLog({
    level: 'warn',
    role: 'test',
    id: 'one',
    redaction: redactionOf(['password']),
    destination: { write: (line: string) => lines.push(JSON.parse(line) as object) },
  });
  const { announce, listen } = createEmitter<Happenings>(() => undefined);
  const clock = createVirtualClock();
  logHappenings(log, listen, clock);
  const away = (text: string) => ({ loop: 'due', error: failure('STORE_UNAVAILABLE', text) });
  for (let i = 0; i < 50; i++) announce('loop.failed', away(`try ${i}`));
  announce('loop.failed', { loop: 'due', error: new Error('a mistake of ours') });
  announce('loop.failed', { ...away('elsewhere'), loop: 'missed' });
  expect(lines.map(({ loop, error }) => [loop, error?.message])).toEqual([
    ['due', 'try 0'],
    ['due', 'a mistake of ours'],
    ['missed', 'elsewhere'],
  ]);
  await clock.advance(15_000);
  announce('loop.failed', away('still away'));
  expect(lines.at(-1)).toMatchObject({ loop: 'due', keptBack: 49 });
});

test('secrets are in no field, no text and no error, and an error keeps its code, its cause and its stack', () => {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>);
  const log = createLog({ level: 'info', role: 'test', id: 'one', redaction: redactionOf(['password', 'cookie']), destination: { write } });
  const error = failure('STORE_UNAVAILABLE', 'no answer from postgres://ann:hunter2@db/x', new Error('password=hunter2'));
  log.warn({ event: 'loop.failed', error, request: { headers: { cookie: 'hunter2', accept: '*/*' } } }, 'redis://:hunter2@cache is away');
  log.info('postgres://ann:hunter2@db/x');
  expect(JSON.stringify(lines)).not.toContain('hunter2');
  expect(lines[0]).toMatchObject({
    level: 'warn',
    role: 'test',
    id: 'one',
    event: 'loop.failed',
    msg: 'redis://:***@cache is away',
    error: {
      type: 'Error',
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('postgres://ann:***@db/x') as string,
      stack: expect.any(String) as string,
    },
    request: { headers: { cookie: '***', accept: '*/*' } },
  });
});
