/** What keeps the page up to date: the stream, what is read, and what rests while nobody looks. */
import { createFetching, type State } from '../../web/src/live/fetching';
import { everyWhileSeen, HIDDEN_MS, onceWhileSeen } from '../../web/src/live/sight';
import { createStream, type Connection } from '../../web/src/live/stream';
import { type FakeSource, fakeSight, fakeSource } from './fakes';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('the stream', () => {
  const listening = () => {
    const sources: FakeSource[] = [];
    const shown: Connection[] = [];
    const [heard, reset, sight] = [jest.fn(), jest.fn(), fakeSight()];
    const open = (address: string): FakeSource => {
      sources.push(fakeSource(address));
      return sources.at(-1)!;
    };
    createStream({ open, sight, show: (connection) => shown.push(connection) }).listen({ topic: 'dag:1', event: 'dag', heard, reset });
    jest.advanceTimersByTime(0);
    return { sources, shown, heard, reset, sight };
  };

  test('that says nothing for 45 seconds is cut off, and opened anew', () => {
    const { sources, shown, reset } = listening();
    sources[0]!.say('open');
    jest.advanceTimersByTime(44_999);
    expect([shown, sources[0]!.readyState]).toEqual([['connecting', 'live'], 1]);
    jest.advanceTimersByTime(1);
    expect([shown.at(-1), sources[0]!.readyState]).toEqual(['cut off', 2]);
    jest.advanceTimersByTime(1_000);
    sources[1]!.say('open');
    expect([shown.at(-1), sources.length, reset.mock.calls.length]).toEqual(['live', 2, 2]);
  });

  test.each(['open', 'alive', 'reset', 'dag', 'workers'])('lives by each event: %s', (name) => {
    const { sources, shown } = listening();
    sources[0]!.say('open');
    for (let i = 0; i < 10; i++) {
      jest.advanceTimersByTime(40_000);
      sources[0]!.say(name);
    }
    expect([shown.at(-1), sources.length]).toEqual(['live', 1]);
  });

  test('that was never answered is opened anew as well, ever more seldom', () => {
    const { sources, shown } = listening();
    jest.advanceTimersByTime(3 * 45_000 + 1_000 + 2_000);
    expect([shown, sources.length]).toEqual([['connecting', 'cut off', 'cut off', 'cut off'], 3]);
  });

  test('that was refused is asked for again; one that a browser mends is left to it', () => {
    const { sources, shown, heard } = listening();
    sources[0]!.say('open');
    sources[0]!.say('error');
    expect([shown.at(-1), sources[0]!.readyState]).toEqual(['cut off', 1]);
    sources[0]!.giveUp();
    jest.advanceTimersByTime(1_000);
    sources[1]!.say('open');
    sources[1]!.say('dag', { dagId: '1' });
    expect([shown.at(-1), heard.mock.calls]).toEqual(['live', [[{ dagId: '1' }]]]);
  });

  test('is given up while the page is hidden, without a watch over its silence, and opened when it is seen again', () => {
    const { sources, shown, sight } = listening();
    sources[0]!.say('open');
    sight.hide();
    jest.advanceTimersByTime(HIDDEN_MS);
    expect([shown.at(-1), sources[0]!.readyState]).toEqual(['idle', 2]);
    jest.advanceTimersByTime(600_000);
    sight.show();
    jest.advanceTimersByTime(0);
    expect([shown.at(-1), sources.length]).toEqual(['connecting', 2]);
  });
});

describe('what is read', () => {
  const reading = () => {
    const reads: { readonly signal: AbortSignal; readonly answer: (data: string) => void; readonly fail: (error: Error) => void }[] = [];
    const states: State<string>[] = [];
    const read = (signal: AbortSignal): Promise<string> =>
      new Promise((answer, fail) => {
        reads.push({ signal, answer, fail });
      });
    const fetching = createFetching(read, (state) => states.push(state));
    const settled = (): Promise<void> => jest.advanceTimersByTimeAsync(0);
    return { reads, states, fetching, settled, now: () => states.at(-1) };
  };

  test('is shown, however often it is asked for meanwhile: once more after that, and without an end to what is under way', async () => {
    const { reads, fetching, settled, now } = reading();
    fetching.again();
    for (let i = 0; i < 5; i++) fetching.again();
    expect([reads.length, reads[0]!.signal.aborted]).toEqual([1, false]);
    reads[0]!.answer('first');
    await settled();
    expect([now()?.data, reads.length]).toEqual(['first', 2]);
    reads[1]!.answer('second');
    await settled();
    expect([now(), reads.length]).toEqual([{ data: 'second', error: undefined, loading: false }, 2]);
  });

  test('is not read twice where it is merely time to look again', async () => {
    const { reads, fetching, settled } = reading();
    fetching.refresh();
    fetching.refresh();
    reads[0]!.answer('first');
    await settled();
    expect(reads).toHaveLength(1);
    fetching.refresh();
    expect(reads).toHaveLength(2);
  });

  test('stays while reading it again fails, and is told what events told meanwhile', async () => {
    const { reads, fetching, settled, now } = reading();
    fetching.again();
    fetching.change((before) => `${before}, changed`);
    reads[0]!.answer('first');
    await settled();
    expect(now()?.data).toBe('first, changed');
    fetching.again();
    fetching.change((before) => `${before} twice`);
    expect(now()?.data).toBe('first, changed twice');
    reads[1]!.fail(new Error('no'));
    await settled();
    expect(now()).toEqual({ data: 'first, changed twice', error: new Error('no'), loading: false });
  });

  test('is ended where nobody is there any more, and not shown', async () => {
    const { reads, fetching, settled, states } = reading();
    fetching.again();
    fetching.end();
    reads[0]!.answer('late');
    fetching.again();
    fetching.refresh();
    fetching.change(() => 'late');
    await settled();
    expect([reads.length, reads[0]!.signal.aborted, states.length]).toEqual([1, true, 1]);
  });
});

describe('while nobody sees the page', () => {
  test('nothing is asked for, and at once when it is seen again', () => {
    const [sight, due] = [fakeSight(), jest.fn()];
    const stop = everyWhileSeen(sight, 1_000, due);
    jest.advanceTimersByTime(2_000);
    expect(due).toHaveBeenCalledTimes(2);
    sight.hide();
    jest.advanceTimersByTime(60_000);
    expect(due).toHaveBeenCalledTimes(2);
    sight.show();
    expect(due).toHaveBeenCalledTimes(3);
    stop();
    sight.show();
    jest.advanceTimersByTime(60_000);
    expect(due).toHaveBeenCalledTimes(3);
  });

  test('what failed is tried again once: after a while, or when it is seen again', () => {
    const [sight, due] = [fakeSight(), jest.fn()];
    onceWhileSeen(sight, 5_000, due);
    jest.advanceTimersByTime(60_000);
    expect(due).toHaveBeenCalledTimes(1);
    onceWhileSeen(sight, 5_000, due);
    sight.hide();
    jest.advanceTimersByTime(60_000);
    expect(due).toHaveBeenCalledTimes(1);
    sight.show();
    jest.advanceTimersByTime(60_000);
    expect(due).toHaveBeenCalledTimes(2);
  });
});
