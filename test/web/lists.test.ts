import { lastOf, perSecond, rolling, shareOf, sinceKnown, timesOf, utilisation, type Curve } from '../../web/src/api/overview';
import { failureOf, RequestFailed, toldOf, wayOutOf } from '../../web/src/api/problem';
import * as dags from '../../web/src/pages/dags/filters';
import * as letters from '../../web/src/pages/deadLetters/filters';
import { boundsOf } from '../../web/src/pages/limits/bounds';
import { priorityLines } from '../../web/src/pages/overview/priorities';
import { stateOf } from '../../web/src/pages/pools/state';
import { withChanged } from '../../web/src/pages/overview/running';
import { inputOfIso, isoOfInput } from '../../web/src/parts/localTime';
import { lookOf } from '../../web/src/parts/status';
import { DAG_STATUSES, TASK_STATUSES } from '../../src/core/dag';

describe('the filters of DAGs', () => {
  test('an address becomes the query of the API', () => {
    const filters = dags.filtersOf({ status: 'FAILED,RUNNING', name: 'etl', tag: 'nightly', after: '2026-01-01T00:00:00.000Z', cursor: 'c1' });
    expect(Object.fromEntries(new URLSearchParams(dags.apiQueryOf(filters)))).toEqual({
      status: 'FAILED,RUNNING',
      name: 'etl*',
      tag: 'nightly',
      createdAfter: '2026-01-01T00:00:00.000Z',
      cursor: 'c1',
      limit: '50',
    });
    expect([dags.isFiltered(filters), dags.isFiltered(dags.filtersOf({ cursor: 'x' }))]).toEqual([true, false]);
  });

  test('without any there is the size of the page alone, and a star is not doubled', () => {
    expect(dags.apiQueryOf(dags.filtersOf({}))).toBe('limit=50');
    expect(dags.apiQueryOf(dags.filtersOf({ name: 'etl*' }))).toBe('name=etl*&limit=50');
  });

  test('a DAG belongs to the list while its state is one of those that are chosen', () => {
    const filters = dags.filtersOf({ status: 'FAILED,RUNNING' });
    expect(['RUNNING', 'COMPLETED'].map((status) => dags.fitsStates(filters, { status }))).toEqual([true, false]);
    expect(dags.fitsStates(dags.filtersOf({ name: 'etl' }), { status: 'COMPLETED' })).toBe(true);
  });

  test('a state is added and taken away', () => {
    expect([dags.toggled(['FAILED'], 'RUNNING'), dags.toggled(['FAILED', 'RUNNING'], 'FAILED'), dags.toggled(['FAILED'], 'FAILED')]).toEqual([
      'FAILED,RUNNING',
      'RUNNING',
      '',
    ]);
  });
});

describe('the filters of dead letters', () => {
  test('open ones without a word, all where that is asked for', () => {
    expect(letters.apiQueryOf(letters.filtersOf({}))).toBe('state=OPEN&limit=50');
    expect(letters.apiQueryOf(letters.filtersOf({ state: 'ALL', kind: 'TIMEOUT' }))).toBe('kind=TIMEOUT&limit=50');
  });

  test('a command for many means what the list shows', () => {
    const filters = letters.filtersOf({ kind: 'HANDLER', dagName: 'Fail', type: 'API_CALL', before: '2026-01-01T00:00:00.000Z' });
    expect(letters.bulkFilterOf(filters)).toEqual({
      kind: ['HANDLER'],
      dagName: 'Fail*',
      type: 'API_CALL',
      failedBefore: '2026-01-01T00:00:00.000Z',
    });
    expect(letters.filterWords(filters)).toContain('dagName Fail*');
    expect(letters.filterWords(letters.filtersOf({}))).toBe('every open dead letter');
  });
});

test.each([
  [{ scope: 'pool', name: 'warehouse', amount: '5', burst: '' }, { body: { maxRunning: 5 } }],
  [{ scope: 'rate', name: 'shop', amount: '0.5', burst: '' }, { body: { perSecond: 0.5 } }],
  [{ scope: 'rate', name: 'shop', amount: '10', burst: '20' }, { body: { perSecond: 10, burst: 20 } }],
  [{ scope: 'pool', name: 'two words', amount: '5', burst: '' }, { problem: expect.any(String) }],
  [{ scope: 'type', name: 'API_CALL', amount: '1.5', burst: '' }, { problem: expect.any(String) }],
  [{ scope: 'type', name: ' ', amount: '1', burst: '' }, { problem: expect.any(String) }],
  [{ scope: 'rate', name: 'shop', amount: '', burst: '' }, { problem: expect.any(String) }],
  [{ scope: 'rate', name: 'shop', amount: '1', burst: '0' }, { problem: expect.any(String) }],
] as const)('the limit %j', (typed, bounds) => {
  expect(boundsOf(typed)).toEqual(bounds);
});

test('live DAGs: the new ones first, those that are over leave', () => {
  const dag = (id: number, status: 'RUNNING' | 'COMPLETED' = 'RUNNING') => ({ id, dagId: String(id), status });
  expect(withChanged([dag(3), dag(2), dag(1)], [dag(2, 'COMPLETED'), dag(4), dag(5), dag(6, 'COMPLETED')]).map(({ id }) => id)).toEqual([5, 4, 3, 1]);
});

test('curves: times, rates, shares and what is known last', () => {
  expect(timesOf({ from: '1970-01-01T00:00:10.000Z', stepSeconds: 5, completed: [1, 2] })).toEqual([10, 15]);
  expect(perSecond([10, null], 5)).toEqual([2, null]);
  expect(utilisation([5, 1, null, 0], [10, 0, 4, null])).toEqual([50, null, null, null]);
  expect(rolling([1, null, 2, 3, null], 2)).toEqual([1, 1, 2, 5, 3]);
  expect(rolling([null, null, 4], 2)).toEqual([null, null, 4]);
  expect(shareOf([3, 0, null, 1], [1, 0, 4, null])).toEqual([75, null, null, null]);
  expect([lastOf([1, 2, null]), lastOf([null])]).toEqual([2, null]);
});

test('curves begin where something was known, and are two minutes long at the least', () => {
  const historyOf = (curve: Curve) => {
    const names = ['completed', 'failed', 'skipped', 'cancelled', 'queued', 'liveDags', 'workers', 'slots', 'slotsTaken'] as const;
    const curves = Object.fromEntries(names.map((name) => [name, curve])) as Record<(typeof names)[number], Curve>;
    return { stepSeconds: 5, from: '2026-01-01T00:00:00.000Z', queuedByPriority: { 5: curve }, ...curves };
  };
  const unknown = (count: number): null[] => Array.from({ length: count }, () => null);
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
  const later = sinceKnown(historyOf([...unknown(100), ...numbers(80)]));
  expect([later.from, later.slotsTaken, later.queuedByPriority['5']]).toEqual(['2026-01-01T00:08:20.000Z', numbers(80), numbers(80)]);
  expect(sinceKnown(historyOf([...unknown(178), 1, 2])).completed).toEqual([...unknown(22), 1, 2]);
  expect(sinceKnown(historyOf(unknown(180))).completed).toHaveLength(24);
  expect(sinceKnown(historyOf(numbers(180))).from).toBe('2026-01-01T00:00:00.000Z');
});

test('many priorities are three curves and a sum', () => {
  const lines = priorityLines({ 1: [1, null], 3: [1, null], 5: [2, 2], 7: [3, 3], 9: [4, 4] });
  expect(lines.map(({ name, values }) => [name, values])).toEqual([
    ['priority 9', [4, 4]],
    ['priority 7', [3, 3]],
    ['priority 5', [2, 2]],
    ['priority 1–3', [2, null]],
  ]);
});

test('a moment of an input comes back as it was', () => {
  const iso = isoOfInput('2026-11-28T14:05');
  expect(iso).toMatch(/Z$/);
  expect([inputOfIso(iso), inputOfIso(''), isoOfInput('')]).toEqual(['2026-11-28T14:05', '', '']);
  // While a year is typed it is one of few digits.
  for (const halfTyped of ['0002-11-28T14:05', '0202-11-28T14:05']) expect(inputOfIso(isoOfInput(halfTyped))).toBe(halfTyped);
});

test('a refusal is told in the words of the API, with what to do', () => {
  const problem = failureOf(409, '{"title":"Wrong state","detail":"it is over","status":409}');
  expect(toldOf(problem)).toEqual({ title: 'Wrong state', detail: 'it is over', remedy: expect.stringContaining('present state') });
  expect(toldOf(failureOf(502, '<html>')).detail).toBe('The server answered 502.');
  expect(toldOf(new RequestFailed('No answer came.', 0, undefined)).title).toBe('The server can’t be reached');
});

test('what is not there leads to the list of its like, and not to asking again', () => {
  const failed = (status: number, code: string, path = 'taskId') =>
    failureOf(status, JSON.stringify({ title: code, code, errors: [{ path, message: 'no' }] }));
  const ways = (['DAG', 'TASK', 'SCHEDULE', 'WORKER', 'LETTER'] as const).map((what) => wayOutOf(failed(404, `${what}_NOT_FOUND`))?.to);
  expect(ways).toEqual(['/dags', '/dags', '/schedules', '/workers', '/dead-letters']);
  expect([wayOutOf(failed(400, 'WRONG_ID'))?.to, wayOutOf(failed(400, 'WRONG_ID', 'scheduleId'))?.to]).toEqual(['/dags', '/schedules']);
  expect(toldOf(failed(400, 'WRONG_ID')).remedy).toContain('mistyped');
  for (const error of [failed(503, 'STORE_UNAVAILABLE'), failureOf(502, ''), new RequestFailed('No answer came.', 0, undefined), new Error('?')])
    expect(wayOutOf(error)).toBeUndefined();
});

test.each([
  ['ACTIVE', { running: 9 }],
  ['ACTIVE', { running: 1, limit: { maxRunning: 2 } }],
  ['FULL', { running: 2, limit: { maxRunning: 2 } }],
  ['PAUSED', { running: 2, limit: { maxRunning: 2 }, gate: { state: 'PAUSED' } }],
])('a pool is %s: %j', (state, pool) => {
  expect(stateOf({ limit: null, gate: null, ...pool } as never)).toBe(state);
});

test('every state has a look of its own: no two of a kind share their shape', () => {
  for (const states of [DAG_STATUSES, TASK_STATUSES]) {
    const shapes = states.map((status) => JSON.stringify(lookOf(status).shape));
    expect(new Set(shapes).size).toBe(states.length);
    expect(states.map((status) => lookOf(status).word)).toEqual(states.map((status) => status.toLowerCase()));
  }
});
