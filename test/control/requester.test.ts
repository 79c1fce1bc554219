import { createRequester } from '../../src/control/requester';
import type { NewCommand } from '../../src/ports/store';
import { DAG } from '../core/model';
import { createVirtualClock } from '../lifecycle/virtualClock';

test('what no record of the log takes is refused before anything of it is stored', async () => {
  const stored: NewCommand[] = [];
  const requester = createRequester({
    commands: {
      request: (all) => {
        stored.push(...all);
        return Promise.resolve(all.map((_, i) => ({ id: String(i), repeated: false })));
      },
      commandOutcome: () => Promise.resolve(undefined),
    },
    views: { command: () => Promise.resolve(undefined) },
    log: { append: () => Promise.resolve() },
    clock: createVirtualClock(),
    announce: () => undefined,
    listen: () => () => undefined,
    waitMs: 1000,
    mostWaiting: 1,
  });
  const retry = (bytes: number): NewCommand => ({
    ...{ dag: DAG, by: null, reason: null, notBefore: null, key: null },
    command: { kind: 'retry', tasks: [0], downstream: true, payload: JSON.stringify('ä'.repeat(bytes / 2)) },
  });
  const tooLarge = {
    code: 'COMMAND_TOO_LARGE',
    message: expect.stringMatching(/^what is asked for comes to 9\d{5} bytes, and 900000 are the limit/),
  };
  await expect(requester.request(retry(900_000), new AbortController().signal)).rejects.toMatchObject(tooLarge);
  await expect(requester.requestAll([retry(10), retry(900_000)])).rejects.toMatchObject(tooLarge);
  expect(stored).toEqual([]);
  await requester.requestAll([retry(890_000)]);
  expect(stored).toHaveLength(1);
});
