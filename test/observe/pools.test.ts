/** How often pools are counted. */
import { sparingly } from '../../src/observe/pools';

const counting = (tookMs: number) => {
  const time = { now: 0 };
  const counts = { asked: 0 };
  const ask = sparingly({ monotonic: () => time.now }, () => {
    counts.asked += 1;
    time.now += tookMs;
    return Promise.resolve(counts.asked);
  });
  return {
    /** What it says `ms` later. */
    later: async (ms: number) => {
      time.now += ms;
      return ask();
    },
  };
};

test('what is counted fast is counted once a second', async () => {
  const { later } = counting(1);
  expect([await later(0), await later(900), await later(101), await later(0)]).toEqual([1, 1, 2, 2]);
});

test('what takes long is counted the seldomer', async () => {
  const { later } = counting(500);
  // The answer is 500 ms late: the clock of its end is read once it is there.
  expect([await later(0), await later(9_000), await later(1_001)]).toEqual([1, 1, 2]);
});

test('while it is counted nobody counts again, and a failure is told to whoever asks within the second', async () => {
  const time = { now: 0 };
  let fail: (error: Error) => void = () => undefined;
  let asked = 0;
  const ask = sparingly({ monotonic: () => time.now }, () => {
    asked += 1;
    return new Promise<never>((_resolve, reject) => {
      fail = reject;
    });
  });
  const both = [ask(), ask()];
  time.now = 60_000;
  both.push(ask());
  fail(new Error('away'));
  expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(asked).toBe(1);
  time.now += 20 * 60_000;
  void ask().catch(() => undefined);
  expect(asked).toBe(2);
});
