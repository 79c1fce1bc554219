import fc from 'fast-check';
import { isEvent } from '../../src/core/decode';
import type { Command } from '../../src/core/command';
import type { Event } from '../../src/core/event';
import { DAG, plannedTask } from './model';

const text = fc.string({ unit: fc.constantFrom('a', 'é', '"', '\\', '😀', '-', '\n') });
const time = fc.double({ min: 0, max: 4e12, noNaN: true });
const count = fc.nat(1_000_000);
const fence = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(String);
const tasks = fc.array(fc.record({ dag: fc.constant(DAG), task: count, dispatch: count }), { maxLength: 5 });
const execution = { dag: fc.constant(DAG), task: count, dispatch: count, fence, session: text, worker: text, sentAt: time, startedAt: time };
const json = fc.json();

const indexes = fc.array(count, { maxLength: 3 });
const planned = fc.constantFrom(
  plannedTask('a', [1, 2], { payload: '{}', options: { triggerRule: 'always', noRetryOn: ['E'] } }),
  plannedTask('c', [], { options: { requiresApproval: true } }),
  plannedTask('b', [], { simulate: { durationMs: 5 }, timeoutSeconds: 2.5 }),
);
const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ kind: fc.constantFrom('pause' as const, 'resume' as const, 'drain' as const) }),
  fc.record({ kind: fc.constant('cancel' as const), tasks: fc.option(indexes) }),
  fc.record({ kind: fc.constant('retry' as const), tasks: fc.option(indexes), downstream: fc.boolean() }),
  fc.record({ kind: fc.constant('rerun' as const), task: fc.option(count) }),
  fc.record({ kind: fc.constant('mark' as const), task: count, as: fc.constantFrom('COMPLETED' as const, 'FAILED' as const) }),
  fc.record({ kind: fc.constantFrom('skip' as const, 'release' as const, 'approve' as const), tasks: indexes }),
  fc.record({ kind: fc.constant('hold' as const), tasks: indexes, resumeAt: fc.option(time) }),
  fc.record({
    kind: fc.constant('edit' as const),
    edit: fc.record({
      version: count,
      added: fc.array(planned, { maxLength: 2 }),
      replaced: fc.array(fc.record({ task: count, as: planned }), { maxLength: 2 }),
      removed: indexes,
    }),
  }),
);

/** Every event that this version writes. */
const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ type: fc.constant('started' as const), ...execution }),
  fc.record({ type: fc.constant('completed' as const), ...execution, endedAt: time, result: fc.option(json) }),
  fc.record({
    type: fc.constant('failed' as const),
    ...execution,
    endedAt: time,
    retryable: fc.boolean(),
    error: fc.record({ kind: fc.constantFrom('HANDLER' as const, 'TIMEOUT' as const, 'UNSTORABLE' as const), message: text }),
  }),
  fc.record({
    type: fc.constant('progressed' as const),
    ...execution,
    fraction: fc.double({ min: 0, max: 1, noNaN: true }),
    message: fc.option(text),
  }),
  fc.record({ type: fc.constant('checkpointed' as const), ...execution, sequence: count, state: json }),
  fc.record({ type: fc.constant('released' as const), session: text, tasks }),
  fc.record({ type: fc.constant('lost' as const), session: text, evidence: text, tasks }),
  fc.record({ type: fc.constant('due' as const), tasks }),
  fc.record({ type: fc.constant('withdrawn' as const), session: fc.option(text), tasks }),
  fc.record({ type: fc.constant('dagDue' as const), dag: fc.constant(DAG) }),
  fc.record({
    type: fc.constant('commanded' as const),
    id: text,
    dag: fc.constant(DAG),
    command: anyCommand,
    by: fc.option(text),
    reason: fc.option(text),
  }),
  fc.record({ type: fc.constantFrom('continued' as const, 'audited' as const), dag: fc.constant(DAG) }),
  fc.record({ type: fc.constant('submitted' as const), dag: fc.constant(DAG) }),
);

test('every event survives its way through JSON', () => {
  fc.assert(
    fc.property(anyEvent, (event) => {
      const back: unknown = JSON.parse(JSON.stringify(event));
      expect(isEvent(back)).toBe(true);
      expect(JSON.stringify(back)).toBe(JSON.stringify(event));
    }),
    { numRuns: 500 },
  );
});

test('without any one of its fields it is no event', () => {
  fc.assert(
    fc.property(anyEvent, fc.nat(), (event, pick) => {
      const fields = Object.keys(event);
      const left = fields[pick % fields.length];
      expect(isEvent(Object.fromEntries(Object.entries(event).filter(([field]) => field !== left)))).toBe(false);
    }),
    { numRuns: 500 },
  );
});

test('with a field of another type it is no event', () => {
  fc.assert(
    fc.property(anyEvent, fc.nat(), (event, pick) => {
      const fields = Object.keys(event);
      expect(isEvent({ ...event, [fields[pick % fields.length]!]: Symbol.iterator })).toBe(false);
      expect(isEvent({ ...event, [fields[pick % fields.length]!]: undefined })).toBe(false);
    }),
  );
});

test('garbage is refused and never throws', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      expect(isEvent(value)).toBe(false);
    }),
    { numRuns: 2000 },
  );
});

test.each(['constructor', 'toString', '__proto__', 'hasOwnProperty', ''])('a type called %j is unknown', (type) => {
  expect(isEvent(JSON.parse(JSON.stringify({ type, dag: DAG })))).toBe(false);
  expect(isEvent(JSON.parse(`{"type": ${JSON.stringify(type)}}`))).toBe(false);
});

test('a type must be a text', () => {
  expect(isEvent({ type: ['continued'], dag: DAG })).toBe(false);
});

test.each(['', '-1', '01', '1.5', '9223372036854775808', '99999999999999999999'])('%j is no fence', (wrong) => {
  expect(isEvent({ type: 'started', dag: DAG, task: 0, dispatch: 1, fence: wrong, session: 's', worker: 'w', sentAt: 1, startedAt: 1 })).toBe(false);
});

test.each(['session', 'worker'])('a %s that no database can store is refused before it spoils a batch', (field) => {
  const report = { type: 'started', dag: DAG, task: 0, dispatch: 1, fence: '1', session: 's', worker: 'w', sentAt: 1, startedAt: 1 };
  expect(isEvent(report)).toBe(true);
  expect(isEvent({ ...report, [field]: 'a\u0000b' })).toBe(false);
});

const commandedWith = (command: unknown): unknown => ({ type: 'commanded', id: '1', dag: DAG, by: null, reason: null, command });

test.each([
  [{ kind: 'explode' }],
  [{ kind: 'constructor' }],
  [{ kind: 'cancel' }],
  [{ kind: 'skip', tasks: null }],
  [{ kind: 'skip', tasks: [0.5] }],
  [{ kind: 'rerun', task: -1 }],
  [{ kind: 'mark', task: 0, as: 'SKIPPED' }],
  [{ kind: 'retry', tasks: [1], downstream: true, payload: {} }],
  [{ kind: 'edit', edit: { version: 0, added: [plannedTask('a', [], { priority: 10 })], replaced: [], removed: [] } }],
  [{ kind: 'edit', edit: { version: 0, added: [{ name: 'a' }], replaced: [], removed: [] } }],
])('%j is no command', (command) => {
  expect(isEvent(commandedWith({ kind: 'pause' }))).toBe(true);
  expect(isEvent(commandedWith(command))).toBe(false);
});

test.each([{ kind: 'HANDLER' }, { message: 'it broke' }, { kind: 'HANDLER', message: 'it broke', stack: null }, 'it broke'])(
  '%j is no error',
  (error) => {
    const failed = {
      type: 'failed',
      dag: DAG,
      task: 0,
      dispatch: 1,
      fence: '1',
      session: 's',
      worker: 'w',
      sentAt: 1,
      startedAt: 1,
      endedAt: 2,
      retryable: true,
    };
    expect(isEvent({ ...failed, error: { kind: 'HANDLER', message: 'it broke', retryAfterMs: 5, evidence: { signal: 'SIGKILL' } } })).toBe(true);
    expect(isEvent({ ...failed, error })).toBe(false);
  },
);

test('who had a DAG repaired may be told with it', () => {
  const audited = (repair: unknown): unknown => ({ type: 'audited', dag: DAG, repair });
  for (const repair of [{ check: 'counters', by: null, reason: null }, { check: 'counters', by: 'ann', reason: 'a' }, undefined])
    expect(isEvent(audited(repair))).toBe(true);
  for (const repair of [null, {}, { check: 'counters', by: 7, reason: null }, { by: null, reason: null }])
    expect(isEvent(audited(repair))).toBe(false);
});
