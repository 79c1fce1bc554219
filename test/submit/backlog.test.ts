import type { Refusal } from '../../src/core/refusal';
import { createBacklog } from '../../src/submit/backlog';

/** A backlog of 100 tasks at most, whose count and clock the test sets. */
const newWorld = () => {
  const state = { now: 0, open: 0, counted: 0, refused: [] as unknown[] };
  const backlog = createBacklog({
    limit: 100,
    clock: { monotonic: () => state.now },
    count: () => {
      state.counted += 1;
      return state.open;
    },
    announce: (_name, what) => void state.refused.push(what),
  });
  return { state, backlog };
};

const refusalOf = (act: () => void): Refusal => {
  try {
    act();
  } catch (error) {
    return error as Refusal;
  }
  throw new Error('nothing was refused');
};

test('what fits is taken, what would be too much is told to come again', () => {
  const { state, backlog } = newWorld();
  state.open = 90;
  backlog.check(10);
  expect(state.refused).toEqual([]);
  const refused = refusalOf(() => {
    backlog.check(11);
  });
  expect(refused).toMatchObject({ code: 'BACKLOG_FULL', message: '90 tasks are open, and 100 are the limit of one scheduler' });
  expect(state.refused).toEqual([{ reason: 'backlog' }]);
});

test('what was added since the last count counts, and the walk over all DAGs is made once a second', () => {
  const { state, backlog } = newWorld();
  state.open = 1;
  backlog.check(1);
  backlog.add(99);
  expect(() => {
    backlog.check(1);
  }).toThrow('100 tasks are open');
  expect(state.counted).toBe(1);
  state.now = 1000;
  backlog.check(1);
  expect(state.counted).toBe(2);
});

test('a DAG larger than the limit is taken where nothing else is there', () => {
  const { state, backlog } = newWorld();
  backlog.check(500);
  state.open = 1;
  state.now = 1000;
  expect(() => {
    backlog.check(500);
  }).toThrow('1 tasks are open');
});

test.each([
  ['nothing ends', 100, '10'],
  ['20 a second end', 80, '2'],
  ['1 a second ends', 99, '20'],
])('Retry-After is told by the pace at which tasks end: %s', (_, open, seconds) => {
  const { state, backlog } = newWorld();
  state.open = 100;
  backlog.size();
  state.now = 1000;
  state.open = open;
  const tasks = 100 - open + (open === 80 ? 40 : 20);
  expect(
    refusalOf(() => {
      backlog.check(tasks);
    }).headers,
  ).toEqual({ 'Retry-After': seconds });
});
