import fc from 'fast-check';
import { pathOf } from '../../src/core/paths';
import { DagDto } from '../../src/submit/dto';
import { createShapeCheck } from '../../src/submit/shape';
import { violations } from '../../src/submit/violations';

const check = createShapeCheck();
const problems = (body: unknown): string[] => {
  const shape = check(body);
  return shape.kind === 'right' ? [] : shape.problems.map(({ path, message }) => `${path}: ${message}`);
};
const task = { taskName: 'a', type: 'API_CALL' };
const dag = (fields: object = {}, taskFields: object = {}): object => ({ dagName: 'dag', tasks: [{ ...task, ...taskFields }], ...fields });
const name = 'must be a text of 1 to 512 characters, without NUL and without half surrogate pairs';

describe('the shape of a submission', () => {
  test('everything that may be said, and null for nothing', () => {
    const policy = {
      priority: 9,
      maxRetries: 0,
      timeoutSeconds: 0.5,
      queueTimeoutSeconds: 60,
      progressTimeoutSeconds: 0.5,
      totalTimeoutSeconds: 86_400 * 30,
      maxTimeoutRetries: 0,
      noRetryOn: ['ValidationError', 'ENOENT'],
      triggerRule: 'none_failed',
      tags: ['a', 'ü'],
      payload: [1, { x: null }],
      backoff: { type: 'linear', initialMs: 0, factor: 1.5, maxMs: 10, jitter: 0 },
      simulate: { durationMs: [0, 10], failureRate: 1, seed: 7 },
    };
    expect(problems(dag({ description: '', dagTimeoutSeconds: 86_400 * 60, ...policy }, { dependencies: ['a'], ...policy }))).toEqual([]);
    const nothing = Object.fromEntries(Object.keys(policy).map((field) => [field, null]));
    expect(problems(dag({ description: null, dagTimeoutSeconds: null, ...nothing }, { dependencies: null, ...nothing }))).toEqual([]);
    expect(problems(dag({ backoff: { type: null, initialMs: null }, simulate: { durationMs: null } }))).toEqual([]);
  });

  test.each([
    ['no object', [], ': the body must be an object'],
    ['no name', { tasks: [] }, `dagName: ${name}`],
    ['no tasks', { dagName: 'x' }, 'tasks: must be a list of tasks'],
    ['tasks that are no list', { dagName: 'x', tasks: {} }, 'tasks: must be a list of tasks'],
    ['a task that is no object', { dagName: 'x', tasks: [task, 'b'] }, 'tasks[1]: must be an object'],
    ['an unknown field', dag({ dagNam: 1 }), 'dagNam: there is no such field (did you mean dagName?)'],
    ['an unknown field of a task', dag({}, { dependsOn: [] }), 'tasks[0].dependsOn: there is no such field'],
    ['an unknown field below', dag({}, { backoff: { jiter: 1 } }), 'tasks[0].backoff.jiter: there is no such field (did you mean jitter?)'],
    ['a field that objects inherit', dag({}, { toString: 1 }), 'tasks[0].toString: there is no such field'],
    ['a strange field', dag({ 'a b"': 1 }), '["a b\\""]: there is no such field'],
    ['a prototype', JSON.parse('{"dagName":"x","tasks":[],"__proto__":{}}'), '__proto__: there is no such field'],
    ['a number for a name', dag({}, { taskName: 7 }), `tasks[0].taskName: ${name}`],
    ['an empty name', dag({}, { taskName: '' }), `tasks[0].taskName: ${name}`],
    ['a name of 10 KB', dag({ dagName: 'x'.repeat(10_240) }), `dagName: ${name}`],
    ['a name with NUL', dag({}, { taskName: 'a\u0000' }), `tasks[0].taskName: ${name}`],
    ['a name with half a pair', dag({ dagName: 'a\ud83d' }), `dagName: ${name}`],
    ['a wrong dependency', dag({}, { dependencies: ['a', 3] }), `tasks[0].dependencies[1]: ${name}`],
    ['dependencies that are no list', dag({}, { dependencies: 'a' }), 'tasks[0].dependencies: must be a list of texts of 1 to 512 characters'],
    ['too many tags', dag({ tags: Array.from({ length: 33 }, String) }), 'tags: must be a list of at most 32 texts of 1 to 128 characters'],
    ['a negative priority', dag({}, { priority: -1 }), 'tasks[0].priority: must not be less than 0'],
    ['a priority of 10', dag({ priority: 10 }), 'priority: must not be greater than 9'],
    ['half a priority', dag({ priority: 1.5 }), 'priority: must be an integer number'],
    ['a number as text', dag({}, { maxRetries: '3' }), 'tasks[0].maxRetries: must be an integer number'],
    [
      'a rule that there is not',
      dag({}, { triggerRule: 'all_failed' }),
      'tasks[0].triggerRule: must be one of the following values: all_success, all_done, one_success, none_failed, always',
    ],
    ['no time at all', dag({}, { queueTimeoutSeconds: 0 }), 'tasks[0].queueTimeoutSeconds: must not be less than 0.001'],
    ['silence for longer than timers go', dag({ progressTimeoutSeconds: 25 * 86_400 }), 'progressTimeoutSeconds: must not be greater than 2073600'],
    ['years for a task', dag({}, { totalTimeoutSeconds: 1e8 }), 'tasks[0].totalTimeoutSeconds: must not be greater than 31622400'],
    ['years for a DAG', dag({ dagTimeoutSeconds: 1e8 }), 'dagTimeoutSeconds: must not be greater than 31622400'],
    ["a DAG's time in a task", dag({}, { dagTimeoutSeconds: 1 }), 'tasks[0].dagTimeoutSeconds: there is no such field'],
    [
      'an error that is no text',
      dag({}, { noRetryOn: ['a', 3] }),
      'tasks[0].noRetryOn[1]: must be a text of 1 to 128 characters, without NUL and without half surrogate pairs',
    ],
    ['half a retry', dag({}, { maxTimeoutRetries: 0.5 }), 'tasks[0].maxTimeoutRetries: must be an integer number'],
    ['an absurd number', dag({}, { maxRetries: 1e300 }), 'tasks[0].maxRetries: must not be greater than 1000'],
    ['an infinite number', JSON.parse('{"dagName":"x","tasks":[],"timeoutSeconds":1e999}'), 'timeoutSeconds: must be a finite number'],
    ['no time', dag({ timeoutSeconds: 0 }), 'timeoutSeconds: must not be less than 0.001'],
    ['a wrong failure rate', dag({}, { simulate: { failureRate: 1.1 } }), 'tasks[0].simulate.failureRate: must not be greater than 1'],
    [
      'a wrong duration',
      dag({}, { simulate: { durationMs: [1] } }),
      'tasks[0].simulate.durationMs: must be a number from 0 to 86400000, or a list of two: the shortest and the longest duration',
    ],
    ['a list for an object', dag({}, { backoff: [] }), 'tasks[0].backoff: must be object'],
  ])('%s is refused', (_what, body, problem) => {
    expect(problems(body)).toContain(problem);
  });

  test('names in any script, up to 512 characters as people count them', () => {
    expect(problems(dag({ dagName: '🦊'.repeat(512) }, { taskName: '数据管道 – données \u202e' }))).toEqual([]);
    expect(problems(dag({ dagName: '🦊'.repeat(513) }))).toEqual([`dagName: ${name}`]);
  });

  test('every wrong field is named, once', () => {
    const body = { dagName: '', extra: 1, tasks: [{ ...task, priority: 'x', backoff: { jitter: 2, foo: 1 }, simulate: [] }, { taskName: 'b' }] };
    expect(
      problems(body)
        .map((line) => line.split(': ')[0])
        .sort(),
    ).toEqual(['dagName', 'extra', 'tasks[0].backoff.foo', 'tasks[0].backoff.jitter', 'tasks[0].priority', 'tasks[0].simulate', 'tasks[1].type']);
  });

  test('a body full of wrong tasks is answered shortly and soon', () => {
    const begun = performance.now();
    expect(problems({ dagName: 'x', tasks: Array.from({ length: 100_000 }, () => ({ taskName: 1, a: 1, b: 2 })) })).toHaveLength(100);
    expect(performance.now() - begun).toBeLessThan(5_000);
  });
});

test('paths read like JavaScript', () => {
  expect(pathOf(['tasks', 3, 'dependencies', 0])).toBe('tasks[3].dependencies[0]');
  expect(pathOf(['a b', 'c'])).toBe('["a b"].c');
});

describe('bodies that are made to cost', () => {
  const deep = (levels: number): unknown => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);
  const many = (count: number, value: unknown): object => Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, value]));
  const took = (work: () => unknown): number => {
    const begun = performance.now();
    work();
    return performance.now() - begun;
  };

  test.each([
    ['an unknown field', dag({ extra: deep(100_000) }), 'extra: there is no such field'],
    ['an unknown field of a task', dag({}, { extra: deep(100_000) }), 'tasks[0].extra: there is no such field'],
    ['an unknown field of a part', dag({ backoff: { extra: deep(100_000) } }), 'backoff.extra: there is no such field'],
    ['a text', dag({ dagName: deep(100_000) }), `dagName: ${name}`],
    ['an element', dag({}, { dependencies: ['a', deep(100_000)] }), `tasks[0].dependencies[1]: ${name}`],
    ['a payload beside a wrong field', dag({}, { payload: deep(100_000), priority: 10 }), 'tasks[0].priority: must not be greater than 9'],
  ])('%s of 100,000 levels', (_, body, sentence) => {
    expect(problems(body)).toEqual([sentence]);
  });

  // Each takes a second at most, however slow the machine; without a bound the first takes half a minute.
  test.each([
    ['unknown fields', dag(many(100_000, 1)), 'f0: there is no such field'],
    ['unknown fields of a part', dag({ backoff: many(100_000, 1) }), 'backoff.f0: there is no such field'],
    ['unknown fields of a task', dag({}, many(100_000, [1])), 'tasks[0].f0: there is no such field'],
    ['wrong dependencies', dag({}, { dependencies: Array.from({ length: 300_000 }, () => 1) }), `tasks[0].dependencies[0]: ${name}`],
    [
      'wrong tags',
      dag({ tags: Array.from({ length: 300_000 }, () => ({})) }),
      'tags[0]: must be a text of 1 to 128 characters, without NUL and without half surrogate pairs',
    ],
  ])('a hundred thousand %s are refused at once, the first hundred named', (_, body, first) => {
    let found: string[] = [];
    expect(took(() => (found = problems(body)))).toBeLessThan(3_000);
    expect(found).toHaveLength(100);
    expect(found[0]).toBe(first);
  });

  test('a wrong element far behind in a list is found', () => {
    const dependencies = [...Array.from({ length: 200_000 }, (_, i) => `t${i}`), 7];
    expect(problems(dag({}, { dependencies }))).toEqual([`tasks[0].dependencies[200000]: ${name}`]);
  });

  test('a prototype inside a part is named once', () => {
    expect(problems(dag({ simulate: JSON.parse('{"__proto__":{"failureRate":5}}') }))).toEqual(['simulate.__proto__: there is no such field']);
  });
});

describe('the compiled check and class-validator', () => {
  const number = fc.oneof(
    fc.integer({ min: -2, max: 12 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(0, 0.5, 1, 1000, 1001, 86_400_000, 86_400_001),
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 5 }),
    fc.constantFrom('', 'linear', 'API_CALL', 'x'.repeat(513), '🦊'.repeat(128), 'a\u0000', '\ud800', '\ufe0f'.repeat(600)),
  );
  // Lists in the place of objects are left out: class-validator checks their elements instead, which the test above covers.
  const scalar = fc.oneof(number, text, fc.constant(null), fc.boolean());
  const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<unknown> => fc.oneof({ weight: 4, arbitrary: value }, { weight: 1, arbitrary: scalar });
  const unknown = { extra: fc.oneof(scalar, fc.object({ maxDepth: 1 })) };
  const backoff = fc.record(
    { type: maybe(fc.constantFrom('exponential', 'fixed')), initialMs: number, factor: number, maxMs: number, jitter: number, ...unknown },
    { requiredKeys: [] },
  );
  const simulate = fc.record(
    { durationMs: maybe(fc.oneof(number, fc.array(number, { maxLength: 3 }))), failureRate: number, seed: number, ...unknown },
    { requiredKeys: [] },
  );
  const policy = {
    priority: maybe(fc.integer({ min: 0, max: 9 })),
    maxRetries: number,
    timeoutSeconds: number,
    queueTimeoutSeconds: number,
    progressTimeoutSeconds: number,
    totalTimeoutSeconds: number,
    maxTimeoutRetries: number,
    noRetryOn: maybe(fc.array(text, { maxLength: 34 })),
    triggerRule: maybe(fc.constantFrom('all_success', 'always', 'never')),
    tags: maybe(fc.array(text, { maxLength: 34 })),
    payload: fc.jsonValue(),
    backoff: maybe(backoff),
    simulate: maybe(simulate),
    ...unknown,
  };
  const tasks = fc.array(
    maybe(fc.record({ taskName: maybe(text), type: text, dependencies: maybe(fc.array(text, { maxLength: 3 })), ...policy }, { requiredKeys: [] })),
    { maxLength: 3 },
  );
  const body = fc.record({ dagName: maybe(text), description: maybe(text), tasks: maybe(tasks), ...policy }, { requiredKeys: [] });

  test('agree on what is right, field by field', () => {
    fc.assert(
      fc.property(body, (value) => {
        const plain = JSON.parse(JSON.stringify(value)) as object;
        expect({ plain, right: check(plain).kind === 'right' }).toEqual({ plain, right: violations(DagDto, plain).length === 0 });
      }),
      { numRuns: 1_500 },
    );
  });

  test('agree on right bodies that differ in one field', () => {
    const fields: fc.Arbitrary<object> = fc.oneof(
      ...Object.entries(policy).map(([key, value]) => (value as fc.Arbitrary<unknown>).map((one) => ({ [key]: one }))),
    );
    fc.assert(
      fc.property(fields, fc.boolean(), (field, below) => {
        const plain = JSON.parse(JSON.stringify(below ? dag({}, field) : dag(field))) as object;
        expect({ plain, right: check(plain).kind === 'right' }).toEqual({ plain, right: violations(DagDto, plain).length === 0 });
      }),
      { numRuns: 1_500 },
    );
  });
});
