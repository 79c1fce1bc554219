import { failure } from '../../src/core/failure';
import { createEmitter } from '../../src/lifecycle/emitter';
import { createLog, logHappenings } from '../../src/observe/logging';
import type { Happenings } from '../../src/ports/happenings';
import { createVirtualClock } from '../lifecycle/virtualClock';

test('a step that fails many times a second is told once in a while; another failure of it at once', async () => {
  const lines: { loop?: string; keptBack?: number; error?: { message: string } }[] = [];
  const log = createLog({ level: 'warn', role: 'test', id: 'one', destination: { write: (line: string) => lines.push(JSON.parse(line) as object) } });
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
