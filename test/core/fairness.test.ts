import fc from 'fast-check';
import type { FairnessSettings } from '../../src/core/fairness';
import type { DagId } from '../../src/core/ids';
import { createReadyQueue, type Chosen, type Moment, type ReadyQueue } from '../../src/core/readyQueue';
import { runOfPlan, type Run } from '../../src/core/run';
import { planOf, plannedTask } from './model';

const all = () => true;
const at = (now: number, more: Partial<Moment> = {}): Moment => ({ now, floor: 0, burst: 1, ...more });
const fair = (weights: Readonly<Record<string, number>>, more: Partial<FairnessSettings> = {}): FairnessSettings => ({
  ageingMs: 0,
  flows: Object.fromEntries(Object.entries(weights).map(([flow, weight]) => [flow, { weight, reserved: 0 }])),
  ...more,
});

interface Backlog {
  readonly priority?: number;
  readonly types?: readonly string[];
  /** When it became ready. */
  readonly since?: number;
}

let runs = 0;
/** Tasks of one tenant, all of them ready. */
const backlogOf = (tenant: string, tasks: number, { priority = 5, types = ['API_CALL'], since = 0 }: Backlog = {}): Run => {
  const id = `018bcfe5-6800-8000-8000-${String(runs++).padStart(12, '0')}` as DagId;
  const planned = Array.from({ length: tasks }, (_, i) => plannedTask(`t${String(i)}`, [], { priority, type: types[i % types.length]! }));
  const run = runOfPlan({ ...planOf(planned, id), tenant });
  run.since.fill(since);
  return run;
};
const pushAll = (queue: ReadyQueue, ...pushed: readonly Run[]): void => {
  for (const run of pushed) for (let task = 0; task < run.specs.length; task++) queue.push(run, task);
};
const take = (queue: ReadyQueue, count: number, moment = at(0), canTake: Parameters<ReadyQueue['next']>[0] = all): Chosen[] =>
  Array.from({ length: count }, () => queue.next(canTake, undefined, moment)).filter((chosen) => chosen !== undefined);
const flowsOf = (taken: readonly Chosen[]): string => taken.map(({ ready }) => ready.run.flow).join('');
const countOf = (taken: readonly Chosen[], flow: string): number => taken.filter(({ ready }) => ready.run.flow === flow).length;
const traces = (queue: ReadyQueue): number => queue.levels().reduce((sum, level) => sum + [...level.turns()].length + level.weights(), 0);

test('flows get hand-outs by weight, spread evenly', () => {
  const queue = createReadyQueue(fair({ a: 3 }));
  pushAll(queue, backlogOf('b', 100), backlogOf('a', 100));
  const taken = take(queue, 120);
  expect(countOf(taken, 'a')).toBe(90);
  expect(flowsOf(taken)).not.toMatch(/bb|aaaaa/);
});

test('whatever the weights, types and bursts: as long as flows have something ready, none is further from its share than a step', () => {
  const weight = fc.constantFrom(0.5, 1, 2, 3, 7);
  fc.assert(
    fc.property(
      fc.array(weight, { minLength: 2, maxLength: 6 }),
      fc.constantFrom(1, 2, 8),
      fc.nat(300),
      fc.boolean(),
      (weights, burst, count, mixed) => {
        const flows = weights.map((_, i) => `f${String(i)}`);
        const queue = createReadyQueue(fair(Object.fromEntries(flows.map((flow, i) => [flow, weights[i]!]))));
        const types = mixed ? ['API_CALL', 'NOTIFICATION'] : ['API_CALL'];
        pushAll(queue, ...flows.map((flow) => backlogOf(flow, 300, { types })));
        const taken = take(queue, count, at(0, { burst }));
        const sum = weights.reduce((total, each) => total + each, 0);
        flows.forEach((flow, i) => {
          const due = (count * weights[i]!) / sum;
          expect(Math.abs(countOf(taken, flow) - due)).toBeLessThanOrEqual(flows.length * burst + weights[i]!);
        });
      },
    ),
    { numRuns: 150 },
  );
});

test('within a flow tasks go in order of arrival, whatever its DAGs and types are', () => {
  const queue = createReadyQueue(fair({ a: 2 }));
  const [one, two, other] = [backlogOf('a', 20, { types: ['API_CALL', 'NOTIFICATION'] }), backlogOf('a', 20), backlogOf('b', 20)];
  pushAll(queue, one, other, two);
  const taken = take(queue, 60).filter(({ ready }) => ready.run.flow === 'a');
  expect(taken.map(({ ready }) => ready.sequence)).toEqual(taken.map(({ ready }) => ready.sequence).sort((x, y) => x - y));
  expect(taken).toHaveLength(40);
});

test('within a flow a longer way ahead goes first, across types, and what has no rank counts as 0', () => {
  const queue = createReadyQueue();
  const [plain, ranked] = [backlogOf('a', 2), backlogOf('a', 5, { types: ['API_CALL', 'NOTIFICATION'] })];
  ranked.rank = Float64Array.from([1, 9, 0, 4, 9]);
  pushAll(queue, plain, ranked);
  const order = (chosen: readonly Chosen[]) => chosen.map(({ ready }) => (ready.run === ranked ? ready.task : `p${String(ready.task)}`));
  const first = take(queue, 2);
  expect(order(first)).toEqual([1, 4]);
  queue.putBack(first[1]!.ready);
  queue.putBack(first[0]!.ready);
  expect(order(take(queue, 7))).toEqual([1, 4, 3, 0, 'p0', 'p1', 2]);
});

test('a rank orders its flow alone, and lines with ranks are dropped with their shard', () => {
  const queue = createReadyQueue();
  const ranked = backlogOf('b', 3);
  ranked.rank = Float64Array.from([1, 2, 3]);
  pushAll(queue, backlogOf('a', 3), ranked);
  expect(flowsOf(take(queue, 4))).toBe('abab');
  queue.dropShard(0);
  expect([queue.next(all), traces(queue)]).toEqual([undefined, 0]);
});

test('who comes late gets its turn at once, and nobody gets more for having been away', () => {
  const queue = createReadyQueue();
  pushAll(queue, backlogOf('a', 1000), backlogOf('b', 1000));
  take(queue, 500);
  pushAll(queue, backlogOf('c', 10));
  const taken = take(queue, 12);
  expect(countOf(taken, 'c')).toBe(4);
  expect(countOf(taken.slice(0, 3), 'c')).toBe(1);
});

test('a stream of new flows starves no old one', () => {
  const queue = createReadyQueue();
  pushAll(queue, backlogOf('old', 100));
  const taken: Chosen[] = [];
  for (let i = 0; i < 200; i++) {
    pushAll(queue, backlogOf(`new ${String(i)}`, 1), backlogOf(`newer ${String(i)}`, 1));
    taken.push(...take(queue, 1));
  }
  expect(countOf(taken, 'old')).toBeGreaterThanOrEqual(5);
});

test('flows and pools leave no trace', () => {
  const queue = createReadyQueue(fair({ a: 2 }));
  for (let i = 0; i < 100; i++) pushAll(queue, backlogOf(`flow ${String(i % 60)}`, 3, { types: ['API_CALL', 'NOTIFICATION'], priority: i % 10 }));
  expect(take(queue, 400)).toHaveLength(300);
  expect(traces(queue)).toBe(0);
});

test('a flow whose type has no room holds up no other, and catches up within bounds', () => {
  const queue = createReadyQueue();
  pushAll(queue, backlogOf('a', 10, { types: ['NOTIFICATION'] }), backlogOf('b', 3000));
  expect(flowsOf(take(queue, 2000, at(0), (type) => type === 'API_CALL'))).toBe('b'.repeat(2000));
  expect(flowsOf(take(queue, 11))).toBe(`${'a'.repeat(10)}b`);
});

test('what comes back unsent keeps its turn and pays once', () => {
  const queue = createReadyQueue();
  pushAll(queue, backlogOf('a', 10), backlogOf('b', 10));
  const [first] = take(queue, 1);
  queue.putBack(first!.ready);
  expect(flowsOf(take(queue, 6))).toBe('baabab');
});

test('a reserved share is kept whatever others wait, and used by others when there is nothing', () => {
  const queue = createReadyQueue({ ageingMs: 0, flows: { kept: { weight: 1, reserved: 0.25 } } });
  pushAll(queue, backlogOf('others', 400, { priority: 9 }));
  expect(countOf(take(queue, 40), 'kept')).toBe(0);
  pushAll(queue, backlogOf('kept', 400, { priority: 0 }));
  const taken = take(queue, 100);
  expect(Math.abs(countOf(taken, 'kept') - 25)).toBeLessThanOrEqual(1);
  // At its worker it has to get the place that it was given.
  expect(taken.every(({ priority }) => priority === 9)).toBe(true);
});

test('its turns by weight count towards its reserved share', () => {
  const queue = createReadyQueue({ ageingMs: 0, flows: { kept: { weight: 1, reserved: 0.25 } } });
  pushAll(queue, backlogOf('kept', 400), backlogOf('other', 400));
  const taken = take(queue, 100);
  expect(Math.abs(countOf(taken, 'kept') - 50)).toBeLessThanOrEqual(2);
});

test('a reserved share passes the floor of another scheduler, by what that one hands out', () => {
  const queue = createReadyQueue({ ageingMs: 0, flows: { kept: { weight: 1, reserved: 0.2 } } });
  pushAll(queue, backlogOf('kept', 100, { priority: 1 }), backlogOf('other', 100, { priority: 1 }));
  const floored = at(0, { floor: 7 });
  const noneLower = (_type: string, priority: number): boolean => priority >= 7;
  expect(take(queue, 5, floored, noneLower)).toEqual([]);
  queue.learn(50, { parts: new Map(), reservedParts: new Map(), schedulers: 2 });
  const taken = take(queue, 50, floored, noneLower);
  expect(taken.length).toBeGreaterThanOrEqual(10);
  expect(taken.length).toBeLessThanOrEqual(14);
  expect(taken.every(({ ready, priority, by }) => ready.run.flow === 'kept' && priority === 7 && by === 'reserve')).toBe(true);
});

test('it does so beside what goes to workers that nobody else waits for, and so does what has aged', () => {
  const queue = createReadyQueue({ ageingMs: 1000, flows: { kept: { weight: 1, reserved: 0.2 } } });
  const [types, priority] = [['NOTIFICATION'], 1];
  pushAll(queue, backlogOf('kept', 100, { priority }), backlogOf('old', 100, { priority, since: -10_000 }), backlogOf('free', 400, { types }));
  const floored = (type: string, as: number): boolean => type === 'NOTIFICATION' || as >= 7;
  const taken = take(queue, 200, at(0, { floor: 7 }), floored);
  expect(taken).toHaveLength(200);
  const [reserved, aged] = (['reserve', 'age'] as const).map((by) => taken.filter((chosen) => chosen.by === by));
  for (const found of [reserved!, aged!]) expect(Math.abs(found.length - 40)).toBeLessThanOrEqual(2);
  expect(new Set(reserved!.map(({ ready, priority: as }) => `${ready.run.flow} as ${String(as)}`))).toEqual(new Set(['kept as 7']));
  expect(new Set(aged!.map(({ ready, priority: as }) => `${ready.run.flow} as ${String(as)}`))).toEqual(new Set(['old as 7']));
});

const AGEING: FairnessSettings = { ageingMs: 1000, flows: {} };

test('what has waited long enough gets a fifth of the slots, and no more', () => {
  const queue = createReadyQueue(AGEING);
  pushAll(queue, backlogOf('low', 100, { priority: 0, since: 0 }));
  pushAll(queue, backlogOf('high', 1000, { priority: 9, since: 9100 }));
  expect(countOf(take(queue, 100, at(8900)), 'low')).toBe(0);
  const taken = take(queue, 100, at(9100));
  expect(Math.abs(countOf(taken, 'low') - 20)).toBeLessThanOrEqual(1);
  expect(taken.filter(({ by }) => by === 'age').every(({ ready, priority }) => ready.run.flow === 'low' && priority === 9)).toBe(true);
});

test('an urgent task waits behind nothing that has aged, whatever the backlog', () => {
  const queue = createReadyQueue(AGEING);
  pushAll(queue, backlogOf('low', 1000, { priority: 3, since: 0 }));
  take(queue, 100, at(1e6));
  pushAll(queue, backlogOf('urgent', 1, { priority: 8, since: 1e6 }));
  expect(countOf(take(queue, 2, at(1e6)), 'urgent')).toBe(1);
});

test('of two that have aged the one that waited longer for its importance comes first', () => {
  const queue = createReadyQueue(AGEING);
  pushAll(queue, backlogOf('a', 50, { priority: 0, since: 0 }), backlogOf('b', 50, { priority: 4, since: 3000 }));
  pushAll(queue, backlogOf('high', 1000, { priority: 9, since: 20_000 }));
  const aged = take(queue, 510, at(20_000)).filter(({ by }) => by === 'age');
  // 0 since 0 is 20 by now, 4 since 3,000 is 21.
  expect(flowsOf(aged)).toBe('b'.repeat(50) + 'a'.repeat(50));
});

test('nothing starves, whatever comes: each task that waits gets its turn while higher ones keep coming', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ priority: fc.nat(8), flow: fc.constantFrom('x', 'y', 'z') }), { minLength: 1, maxLength: 20 }), (waiting) => {
      const queue = createReadyQueue(AGEING);
      for (const { priority, flow } of waiting) pushAll(queue, backlogOf(flow, 1, { priority }));
      let left = waiting.length;
      for (let now = 0; left > 0 && now < 60_000; now += 100) {
        pushAll(queue, backlogOf('stream', 1, { priority: 9, since: now }));
        left -= take(queue, 1, at(now)).filter(({ ready }) => ready.run.flow !== 'stream').length;
      }
      expect(left).toBe(0);
    }),
    { numRuns: 50 },
  );
});

test('a position counts the turns of other flows', () => {
  const queue = createReadyQueue(fair({ a: 2 }));
  const [a, b, high] = [backlogOf('a', 10), backlogOf('b', 10), backlogOf('c', 3, { priority: 7 })];
  pushAll(queue, a, b, high);
  const place = queue.position(b.dag, 2)!;
  expect(place).toMatchObject({ of: 23, priority: 5, flow: 'b', aheadInFlow: 2, flows: 2 });
  const taken = take(queue, 23).map(({ ready }) => ready);
  const actual = 1 + taken.findIndex(({ run, task }) => run === b && task === 2);
  expect(Math.abs(place.position - actual)).toBeLessThanOrEqual(2);
});
