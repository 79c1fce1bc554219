/** What the page of a task makes of what the API says, and what its dialogs send. */
import { REASON_CODES } from '../../src/core/dag';
import { LETTER_KINDS } from '../../src/sdk';
import { DAG_COMMANDS, TASK_COMMANDS, withheld } from '../../web/src/dag/commands';
import { graphOf, hasSameGraph } from '../../web/src/dag/graph';
import { shownStatus, type Dag, type Task } from '../../web/src/dag/model';
import { concerns, isToldOf, knowsAll, merged, type Told } from '../../web/src/dag/told';
import { gateIn, piecesOf, placeOfRemedy, remedyOf, sentence, withoutCommand } from '../../web/src/dag/remedies';
import { afterwards } from '../../web/src/pages/dags/told';
import { givenBy, problemOf, typedAtFirst, type AskedField } from '../../web/src/parts/asked';
import { KINDS, kindText } from '../../web/src/parts/failureKinds';
import { lookOf } from '../../web/src/parts/status';
import { task } from './dagTasks';

test('a condition is a sentence with times of its own, without the words for a terminal', () => {
  const text = 'the type A is paused by ada since 2026-01-01T00:00:00.000Z, until it is resumed (dts gates resume --type A frees it)';
  expect(piecesOf(sentence(withoutCommand(text)))).toEqual([
    'The type A is paused by ada since ',
    '2026-01-01T00:00:00.000Z',
    ', until it is resumed.',
  ]);
  expect(piecesOf('it runs')).toEqual(['it runs']);
  expect([gateIn({ scope: 'type', name: 'A', state: 'PAUSED' }), gateIn({ scope: 'type', name: 'A' }), gateIn(null)]).toEqual([
    { scope: 'type', name: 'A', state: 'PAUSED' },
    undefined,
    undefined,
  ]);
});

test('a limit of a pool is changed on the page of that pool, others on the page of limits', () => {
  expect(placeOfRemedy('/limits', { scope: 'pool', name: 'a.b' })).toBe('/pools?pool=a.b');
  for (const details of [{ scope: 'type', name: 'A' }, { scope: 'dag', name: null }, null, undefined])
    expect(placeOfRemedy('/limits', details)).toBe('/limits');
  expect(placeOfRemedy('/workers', { scope: 'pool', name: 'a' })).toBe('/workers');
});

test('a whole number is asked for where only that makes sense', () => {
  const slots: AskedField = { kind: 'number', name: 'maxRunning', label: '', value: '10', max: 1_000, whole: true };
  expect(['1', '1000', '1.5', '0', '1001', ''].map((text) => problemOf(slots, text) === undefined)).toEqual([true, true, false, false, false, false]);
  expect(problemOf(slots, '0')).toBe('A whole number from 1 to 1,000.');
  expect(givenBy([slots], { maxRunning: '7' })).toEqual({ maxRunning: 7 });
});

test('every kind of dead letter has words, in the order of the API', () => {
  expect(KINDS.map(([kind]) => kind)).toEqual(LETTER_KINDS);
  for (const kind of LETTER_KINDS) expect(kindText(kind)).not.toMatch(/[A-Z_]/);
});

describe('fields of a dialog', () => {
  const fields: readonly AskedField[] = [
    { kind: 'json', name: 'payload', label: '', value: '{"a":1}', hint: '' },
    { kind: 'json', name: 'result', label: '', value: '', hint: '' },
    { kind: 'moment', name: 'resumeAt', label: '', value: '' },
    { kind: 'check', name: 'downstream', label: '', value: 'yes' },
  ];
  test('what is left as it is isn’t sent', () => {
    expect(givenBy(fields, typedAtFirst(fields))).toEqual({});
    expect(givenBy(fields, { ...typedAtFirst(fields), payload: ' ' })).toEqual({});
  });
  test('what is typed is sent as what it means, also null and false', () => {
    const typed = { payload: 'null', result: '[7]', resumeAt: '2026-01-01T00:00:00.000Z', downstream: '' };
    expect(givenBy(fields, typed)).toEqual({ payload: null, result: [7], resumeAt: '2026-01-01T00:00:00.000Z', downstream: false });
  });
  test('what can’t be sent says why', () => {
    const rate: AskedField = { kind: 'number', name: 'rate', label: '', value: '50', max: 100 };
    expect(problemOf(fields[0]!, '{"a":')).toMatch(/JSON/);
    expect([problemOf(rate, '50'), problemOf(rate, '101'), problemOf(rate, '0')]).toEqual([
      undefined,
      'More than 0, up to 100.',
      'More than 0, up to 100.',
    ]);
  });
});

describe('commands', () => {
  const inState = (status: Task['status'], code?: (typeof REASON_CODES)[number], approval?: 'REQUIRED' | 'AWAITED'): Task =>
    ({ taskId: 't', taskName: 't', status, payload: { a: 1 }, reason: code === undefined ? null : { code, approval } }) as unknown as Task;
  const dag = (status: Dag['status']): Dag =>
    ({ dagId: 'd', dagName: 'd', status, totalTasks: 1, failedTasks: 0, cancelledTasks: 0 }) as unknown as Dag;
  test('what isn’t offered says why', () => {
    expect(withheld(TASK_COMMANDS, inState('FAILED')).map(({ verb }) => verb)).toEqual([
      'Approve',
      'Release',
      'Hold',
      'Skip',
      'Mark as failed',
      'Cancel',
    ]);
    expect(withheld(TASK_COMMANDS, inState('PENDING', 'HELD')).map(({ verb }) => verb)).toEqual(['Approve', 'Retry', 'Rerun from here', 'Hold']);
    expect(withheld(DAG_COMMANDS, dag('COMPLETED')).map(({ verb }) => verb)).toEqual(['Pause', 'Resume', 'Retry failed tasks', 'Drain', 'Cancel']);
    for (const { why } of withheld(TASK_COMMANDS, inState('COMPLETED'))) expect(why).toMatch(/[.]$/);
  });
  test('a task that waits for approval says so, and is approved, not released', () => {
    const [asked, later] = [inState('PENDING', 'HELD', 'AWAITED'), inState('PENDING', 'HELD', 'REQUIRED')];
    expect([asked, later, inState('CANCELLED', 'CANCELLED', 'REQUIRED')].map(shownStatus)).toEqual(['AWAITING_APPROVAL', 'PENDING', 'CANCELLED']);
    expect(lookOf('AWAITING_APPROVAL').word).toBe('waits for approval');
    expect(withheld(TASK_COMMANDS, asked).map(({ verb }) => verb)).toEqual(['Release', 'Retry', 'Rerun from here', 'Hold']);
    expect(withheld(TASK_COMMANDS, later).map(({ verb }) => verb)).toEqual(['Approve', 'Release', 'Retry', 'Rerun from here', 'Hold']);
    expect(remedyOf('AWAITING_APPROVAL')).toMatchObject({ kind: 'task', action: 'approve' });
  });
  test('a retry begins with the payload as it is', () => {
    const retry = TASK_COMMANDS.find(({ command }) => command === 'retry')!;
    expect(retry.fields!(inState('FAILED'))[0]).toMatchObject({ name: 'payload', value: '{\n  "a": 1\n}' });
  });
});

test('lists have the same graph whatever became of their tasks, and another one where one edge is another', () => {
  const named = (taskName: string, ...dependencies: string[]) => ({ taskName, type: 'A', dependencies });
  const before = [named('a'), named('b', 'a')];
  expect(hasSameGraph(before, [named('a'), { ...named('b', 'a'), status: 'RUNNING' } as never])).toBe(true);
  expect(hasSameGraph(before, [named('a'), named('b')])).toBe(false);
  expect(hasSameGraph(before, [...before, named('c')])).toBe(false);
  expect(graphOf(before).parents).toEqual([[], [0]]);
});

test('a list after news of DAGs has their new states, and neither those that were deleted nor those that no longer fit', () => {
  const row = (dagId: string, status = 'RUNNING') => ({ dagId, status });
  const told = { changed: [row('b', 'FAILED'), row('x')], removed: ['c', 'y'], more: false };
  const rows = [row('a'), row('b'), row('c')];
  expect(afterwards(rows, told, () => true)).toEqual([row('a'), row('b', 'FAILED')]);
  expect(afterwards(rows, told, ({ status }) => status === 'RUNNING')).toEqual([row('a')]);
});

describe('news of a DAG', () => {
  const [a, b, c] = [task('a'), task('b'), task('c')];
  const news = (status: string, tasks: readonly Task[], version = 0) => ({ dagId: 'dag', dag: { status, version }, tasks }) as unknown as Told;
  const shown = { task: a, dag: { status: 'RUNNING', version: 0 } } as const;

  test('change the tasks that are known also where others are told of', () => {
    const changed = [task('b', { status: 'RUNNING' }), c];
    expect([merged([a, b], changed), knowsAll([a, b], changed), knowsAll([a, b, c], changed)]).toEqual([[a, changed[0]], false, true]);
  });

  test('concern the page of a task where it changed, and where its DAG was paused, resumed or edited', () => {
    expect([news('RUNNING', [a]), news('RUNNING', [b]), news('PAUSED', []), news('RUNNING', [], 1)].map((each) => concerns(each, shown))).toEqual([
      true,
      false,
      true,
      true,
    ]);
    expect(concerns({ dagId: 'dag', dag: null, tasks: [] }, shown)).toBe(false);
    expect([isToldOf('dag', news('RUNNING', [])), isToldOf('other', news('RUNNING', [])), isToldOf('dag', null)]).toEqual([true, false, false]);
  });
});
