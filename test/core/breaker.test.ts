import fc from 'fast-check';
import { createBreaker, type Breaker, type Outcome, type Verdict } from '../../src/core/breaker';
import type { Gate } from '../../src/core/gates';
import type { DagId } from '../../src/core/ids';

const SETTINGS = { enabled: true, attempts: 20, tasks: 5, coolDownMs: 1000, maxCoolDownMs: 5000, probes: 3 };
const error = { kind: 'HANDLER', message: 'it broke' } as const;
const free = { quarantine: undefined, probing: false, workers: 2 };
const dag = (n: number): DagId => `018bcfe5-6800-8000-8000-${String(n).padStart(12, '0')}` as DagId;

const outcome = (n: number, other: Partial<Outcome> = {}): Outcome => ({
  dag: dag(n),
  task: 0,
  dispatch: 1,
  type: 'API_CALL',
  worker: `w${String(n % 2)}`,
  error,
  ...other,
});
const quarantine = (trips: number): Gate => ({
  ...{ scope: 'type', name: 'API_CALL', state: 'QUARANTINED', reason: 'it broke', by: null },
  ...{ since: 0, until: 1000, endedAt: null, trips },
});
const judgeAll = (breaker: Breaker, outcomes: readonly Outcome[], workers = 2): Verdict[] =>
  outcomes.flatMap((each) => breaker.judge(each, { ...free, workers }) ?? []);
const many = (count: number, of: (n: number) => Partial<Outcome> = () => ({})): Outcome[] =>
  Array.from({ length: count }, (_, n) => outcome(n, of(n)));

describe('it trips', () => {
  test('when so many attempts in a row failed on two workers, and says why', () => {
    const breaker = createBreaker(SETTINGS);
    expect(judgeAll(breaker, many(19))).toEqual([]);
    expect(judgeAll(breaker, [outcome(19)])).toEqual([{ do: 'trip', type: 'API_CALL', trips: 0, coolDownMs: 1000, reason: 'it broke' }]);
    expect(judgeAll(breaker, many(19))).toEqual([]);
  });

  test('on one worker only where no other runs the type', () => {
    const one = many(60, () => ({ worker: 'w1' }));
    expect(judgeAll(createBreaker(SETTINGS), one)).toEqual([]);
    expect(judgeAll(createBreaker(SETTINGS), one, 1)).toHaveLength(3);
  });

  test('never for the retries of a few tasks', () => {
    expect(
      judgeAll(
        createBreaker(SETTINGS),
        many(200, (n) => ({ dag: dag(n % 4), dispatch: n })),
      ),
    ).toEqual([]);
  });

  test('never for one DAG, whatever it does, and for two only where nothing else completes', () => {
    const poison = many(500, (n) => ({ dag: dag(1), task: n }));
    expect(judgeAll(createBreaker(SETTINGS), poison)).toEqual([]);
    // A failure of another DAG now and then makes no difference.
    const noise = poison.flatMap((each, n) => (n % 50 === 0 ? [each, outcome(n + 2), outcome(n + 3, { error: null })] : [each]));
    expect(judgeAll(createBreaker(SETTINGS), noise)).toEqual([]);
    expect(
      judgeAll(
        createBreaker(SETTINGS),
        many(40, (n) => ({ dag: dag(n % 2), task: n, worker: `w${String(n % 3)}` })),
      ),
    ).not.toEqual([]);
  });

  test('never for failures of the infrastructure, by hand, or where it is switched off', () => {
    for (const kind of ['LOST_WORKER', 'NEVER_STARTED', 'MARKED_FAILED', 'UNSTORABLE', 'POISON'] as const)
      expect(
        judgeAll(
          createBreaker(SETTINGS),
          many(100, () => ({ error: { kind, message: '' } })),
        ),
      ).toEqual([]);
    expect(judgeAll(createBreaker({ ...SETTINGS, enabled: false }), many(100))).toEqual([]);
  });

  test('for each type by itself', () => {
    const verdicts = judgeAll(
      createBreaker(SETTINGS),
      many(39, (n) => ({ type: n % 2 === 0 ? 'API_CALL' : 'NOTIFICATION', worker: `w${String(n % 3)}` })),
    );
    expect(verdicts.map(({ type }) => type)).toEqual(['API_CALL']);
  });

  test('never where any of the last attempts completed', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ n: fc.nat(30), gap: fc.nat(18) }), { maxLength: 40 }), (rounds) => {
        const outcomes = rounds.flatMap(({ n, gap }) => [...many(gap, (i) => ({ dag: dag(n + i) })), outcome(n, { error: null })]);
        expect(judgeAll(createBreaker(SETTINGS), outcomes)).toEqual([]);
      }),
    );
  });

  test('never at a tenth of failures, and at once when all fail from then on', () => {
    const breaker = createBreaker(SETTINGS);
    let state = 1;
    const draw = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const some = many(200_000, () => ({ error: draw() < 0.1 ? error : null }));
    expect(some.filter((each) => each.error !== null).length).toBeGreaterThan(19_000);
    expect(judgeAll(breaker, some)).toEqual([]);
    expect(judgeAll(breaker, many(21))).toHaveLength(1);
  });
});

describe('in quarantine', () => {
  const isOut = (): boolean => false;
  const probed = (breaker: Breaker, n: number, gate: Gate, other: Partial<Outcome> = {}): Verdict | undefined => {
    const probe = outcome(n, other);
    breaker.probe(gate, probe);
    return breaker.judge(probe, { quarantine: gate, probing: true, workers: 2 });
  };

  test('what fails before its time is over says nothing', () => {
    const breaker = createBreaker(SETTINGS);
    for (const each of many(100)) expect(breaker.judge(each, { quarantine: quarantine(1), probing: false, workers: 2 })).toBeUndefined();
  });

  test('one probe that completes lifts it', () => {
    const breaker = createBreaker(SETTINGS);
    expect(probed(breaker, 1, quarantine(2))).toBeUndefined();
    expect(probed(breaker, 2, quarantine(2), { error: null })).toEqual({ do: 'lift', type: 'API_CALL', trips: 2 });
  });

  test('so many probes that fail begin a longer one, up to the longest', () => {
    const trip = (trips: number): Verdict | undefined => {
      const breaker = createBreaker(SETTINGS);
      probed(breaker, 1, quarantine(trips));
      probed(breaker, 2, quarantine(trips));
      return probed(breaker, 3, quarantine(trips));
    };
    expect([1, 2, 3, 9].map((trips) => (trip(trips) as { coolDownMs: number }).coolDownMs)).toEqual([2000, 4000, 5000, 5000]);
  });

  test('only so many probes are out at once, and what else fails is none', () => {
    const breaker = createBreaker(SETTINGS);
    const gate = quarantine(1);
    const out = new Set<string>();
    const room = (): boolean => breaker.mayProbe(gate, (probe) => out.has(probe.dag));
    for (let n = 0; n < 3; n++) {
      expect(room()).toBe(true);
      breaker.probe(gate, outcome(n));
      out.add(dag(n));
    }
    expect(room()).toBe(false);
    for (const each of many(50, (n) => ({ dag: dag(n + 10) })))
      expect(breaker.judge(each, { quarantine: gate, probing: true, workers: 2 })).toBeUndefined();
    // Lost with its worker: another may go in its place.
    out.delete(dag(0));
    expect(room()).toBe(true);
    // A failure takes its place for good.
    breaker.judge(outcome(0), { quarantine: gate, probing: true, workers: 2 });
    expect(room()).toBe(false);
    expect(breaker.mayProbe(quarantine(2), isOut)).toBe(true);
  });
});
