/** What every adapter of LoadBoard must do. */
import type { Judgement } from '../../src/ports/scaling';
import { eachWorld, type LeasesWorld } from './leases';

const judgement: Judgement = {
  at: 1,
  scheduler: 'a',
  before: 1,
  wanted: 3,
  direction: 'out',
  reason: '9 tasks waiting, "quoted" ä',
  active: 1,
  draining: 0,
  starting: 0,
  slots: 2,
  waiting: 9,
  running: 2,
  arrivalsPerSecond: 0.5,
  endsPerSecond: 1,
  serviceSeconds: null,
};

export const loadBoardContract = (open: () => Promise<LeasesWorld>): void => {
  const world = eachWorld(open);

  test('answers what each scheduler said last, and forgets who is silent', async () => {
    const { board, until } = world();
    expect([...(await board.loads())]).toEqual([]);
    await board.publish('a', { waiting: 1, sent: 2, ended: 3 });
    await board.publish('scheduler b.1', { waiting: 4, sent: 5_000_000_000, ended: 6 });
    await board.publish('a', { waiting: 7, sent: 8, ended: 9 });
    expect(Object.fromEntries(await board.loads())).toEqual({
      a: { waiting: 7, sent: 8, ended: 9 },
      'scheduler b.1': { waiting: 4, sent: 5_000_000_000, ended: 6 },
    });
    await until(async () => (await board.loads()).size === 0, 'the silent ones to be forgotten');
  });

  test('who leaves hears who is still there', async () => {
    const { board } = world();
    for (const name of ['a', 'b']) await board.publish(name, { waiting: 0, sent: 0, ended: 0 });
    expect(await board.withdraw('a')).toEqual(['b']);
    expect(await board.withdraw('b')).toEqual([]);
    expect(await board.withdraw('b')).toEqual([]);
  });

  test('keeps the last judgement for its time', async () => {
    const { board, until } = world();
    expect(await board.judgement()).toBeUndefined();
    await board.judge(judgement, 60_000);
    await board.judge({ ...judgement, wanted: 4 }, 500);
    expect(await board.judgement()).toEqual({ ...judgement, wanted: 4 });
    await until(async () => (await board.judgement()) === undefined, 'the judgement to be forgotten');
  });

  test('all of it is forgotten with everything else', async () => {
    const { board, forget } = world();
    await board.publish('a', { waiting: 1, sent: 2, ended: 3 });
    await board.judge(judgement, 60_000);
    await forget();
    expect([[...(await board.loads())], await board.judgement()]).toEqual([[], undefined]);
  });
};
