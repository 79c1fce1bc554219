import fc from 'fast-check';
import {
  decideScaling,
  figuresOf,
  freshMemory,
  observe,
  slotsNeeded,
  type Crew,
  type LoadFigures,
  type ScalingDecision,
  type ScalingMemory,
  type ScalingSample,
  type ScalingSettings,
} from '../../src/core/scaling';

const SETTINGS: ScalingSettings = { min: 1, max: 8, targetWaitSeconds: 10, coolDownSeconds: 60 };
const figures = (given: Partial<LoadFigures> = {}): LoadFigures => ({
  waiting: 0,
  running: 0,
  arrivalsPerSecond: 0,
  endsPerSecond: 0,
  serviceSeconds: 1,
  ...given,
});
const crewOf = (active: number, slots = 2): Crew => ({ active, starting: 0, slots });

/** Looks at a load once a second that `sampleAt` describes, with workers that come at once. */
const watch = (sampleAt: (second: number, workers: number) => ScalingSample, seconds: number, settings = SETTINGS, slots = 2) => {
  let memory: ScalingMemory = freshMemory(0);
  let workers = 0;
  const decisions: (ScalingDecision & { readonly at: number })[] = [];
  for (let at = 1; at <= seconds; at++) {
    memory = { ...memory, estimate: observe(memory.estimate, sampleAt(at, workers), settings) };
    const decided = decideScaling(memory, { at, crew: crewOf(workers, slots), settings });
    memory = decided.memory;
    if (decided.decision.direction === 'hold') continue;
    decisions.push({ ...decided.decision, at });
    workers = decided.decision.wanted;
  }
  return { decisions, workers };
};

const REST: ScalingSample = { seconds: 1, waiting: 0, arrived: 0, ended: 0, running: 0 };

describe('the slots that a load needs', () => {
  test('with nothing waiting they are those of Little’s law', () => {
    expect(slotsNeeded(figures({ arrivalsPerSecond: 4, serviceSeconds: 0.5, running: 2 }), SETTINGS)).toBeCloseTo(2);
    expect(slotsNeeded(figures({ arrivalsPerSecond: 0.5, serviceSeconds: 40, running: 20 }), SETTINGS)).toBeCloseTo(20);
  });

  test('short tasks share slots, a long one wants its own', () => {
    expect(slotsNeeded(figures({ waiting: 1000, serviceSeconds: 0.1 }), SETTINGS)).toBeCloseTo(1000 * (0.1 / 10.1));
    expect(slotsNeeded(figures({ waiting: 10, serviceSeconds: 100_000 }), SETTINGS)).toBeCloseTo(10, 1);
  });

  test('of what was never seen to run one slot shows how long it takes', () => {
    expect(slotsNeeded(figures({ waiting: 1000, serviceSeconds: null }), SETTINGS)).toBe(1);
    expect(slotsNeeded(figures({ serviceSeconds: null }), SETTINGS)).toBe(0);
  });

  const number = fc.double({ min: 0, max: 1e6, noNaN: true });
  const load = fc.record({
    waiting: number,
    running: number,
    arrivalsPerSecond: number,
    endsPerSecond: number,
    serviceSeconds: fc.option(fc.double({ min: 1e-6, max: 1e6, noNaN: true })),
  });

  test('more that waits, comes or runs never needs fewer, and none that is taken is given up', () => {
    const more = fc.record({ waiting: number, running: number, arrivalsPerSecond: number });
    fc.assert(
      fc.property(load, more, (less, added) => {
        const grown = {
          ...less,
          waiting: less.waiting + added.waiting,
          running: less.running + added.running,
          arrivalsPerSecond: less.arrivalsPerSecond + added.arrivalsPerSecond,
        };
        const needed = slotsNeeded(less, SETTINGS);
        expect(slotsNeeded(grown, SETTINGS)).toBeGreaterThanOrEqual(needed);
        expect(needed).toBeGreaterThanOrEqual(less.running);
      }),
    );
  });
});

describe('what is learned of a load', () => {
  const after = (seconds: number, sample: ScalingSample) => {
    let { estimate } = freshMemory(0);
    for (let i = 0; i < seconds; i++) estimate = observe(estimate, sample, SETTINGS);
    return estimate;
  };

  test('the time of an attempt is that of the slots over what ended', () => {
    expect(figuresOf(after(300, { ...REST, arrived: 4, ended: 4, running: 2 }), SETTINGS)).toMatchObject({
      arrivalsPerSecond: expect.closeTo(4, 0),
      serviceSeconds: expect.closeTo(0.5, 1),
    });
  });

  test('while none has ended it is at least as long as they have been running', () => {
    const { serviceSeconds } = figuresOf(after(20, { ...REST, running: 4 }), SETTINGS);
    expect(serviceSeconds).toBeGreaterThan(10);
    expect(serviceSeconds).toBeLessThanOrEqual(20);
  });

  test('it outlives an idle night, the rates don’t', () => {
    let estimate = after(300, { ...REST, arrived: 4, ended: 4, running: 2 });
    for (let i = 0; i < 30_000; i++) estimate = observe(estimate, REST, SETTINGS);
    expect(figuresOf(estimate, SETTINGS)).toMatchObject({ arrivalsPerSecond: expect.closeTo(0, 3), serviceSeconds: expect.closeTo(0.5, 1) });
  });

  test('what moves from one scheduler to another is no arrival', () => {
    const moved = [100, -100, 100].reduce((estimate, arrived) => observe(estimate, { ...REST, arrived }, SETTINGS), freshMemory(0).estimate);
    expect(figuresOf(observe(moved, { ...REST, arrived: -100 }, SETTINGS), SETTINGS).arrivalsPerSecond).toBeLessThan(0.2);
  });
});

describe('decisions', () => {
  test('at rest there are min workers, brought about at once and never changed', () => {
    const { decisions, workers } = watch(() => REST, 1000);
    expect(workers).toBe(1);
    expect(decisions.map(({ before, wanted, direction }) => [before, wanted, direction])).toEqual([[0, 1, 'out']]);
  });

  test('a burst has max workers at once; when it is over they leave after the cool-down, a quarter at a time', () => {
    const burst = (second: number): ScalingSample =>
      second === 1 ? { ...REST, waiting: 500, arrived: 500 } : second <= 30 ? { ...REST, waiting: 500 - 16 * second, ended: 16, running: 16 } : REST;
    const { decisions } = watch(burst, 600);
    expect(decisions.slice(0, 2).map(({ before, wanted }) => [before, wanted])).toEqual([
      [0, 1],
      [1, 8],
    ]);
    expect(decisions[1]!.at).toBeLessThan(5);
    const ins = decisions.slice(2);
    expect(ins.at(-1)!.wanted).toBe(1);
    for (const { before, wanted } of ins) expect(before - wanted).toBeLessThanOrEqual(Math.max(1, before / 4));
    expect(ins[0]!.at).toBeGreaterThanOrEqual(30 + SETTINGS.coolDownSeconds);
    ins.slice(1).forEach(({ at }, i) => expect(at - ins[i]!.at).toBeGreaterThanOrEqual(SETTINGS.coolDownSeconds));
    expect(decisions[1]!.reason).toMatch(
      /^\d+ tasks waiting, 16 running, \S+ more a second, each taking \S+ s: it takes \d+ slots, in workers of 2, to begin them within 10 s, and there may be 8$/,
    );
    expect(ins[0]!.reason).toMatch(/for 60 s \d workers? would have done$/);
  });

  test('a dip that is shorter than the cool-down changes nothing', () => {
    const wave = (second: number, workers: number): ScalingSample =>
      second % 60 < 40 ? REST : { ...REST, arrived: 16, ended: 16, running: Math.min(12, 2 * workers) };
    expect(watch(wave, 2000).decisions.filter(({ at }) => at > 200)).toEqual([]);
  });

  test('more than max that others started are not its business, and its own go step by step', () => {
    const memory = freshMemory(0);
    const late = decideScaling(memory, { at: 100, crew: crewOf(20), settings: SETTINGS });
    expect(late.decision).toMatchObject({ before: 20, wanted: 15, direction: 'in' });
    expect(decideScaling(late.memory, { at: 101, crew: crewOf(15), settings: SETTINGS }).decision.direction).toBe('hold');
  });

  const settings = fc
    .record({
      min: fc.integer({ min: 0, max: 20 }),
      more: fc.integer({ min: 0, max: 50 }),
      targetWaitSeconds: fc.double({ min: 0.1, max: 600, noNaN: true }),
      coolDownSeconds: fc.double({ min: 1, max: 600, noNaN: true }),
    })
    .map(({ min, more, ...rest }): ScalingSettings => ({ ...rest, min, max: Math.max(1, min + more) }));

  test('never more than max nor fewer than min, whatever is seen', () => {
    const sample = fc.record({
      seconds: fc.double({ min: 0.01, max: 1000, noNaN: true }),
      waiting: fc.nat(1e6),
      arrived: fc.integer({ min: -1000, max: 1e6 }),
      ended: fc.nat(1e5),
      running: fc.nat(1e4),
    });
    fc.assert(
      fc.property(
        settings,
        fc.array(sample, { minLength: 1, maxLength: 40 }),
        fc.nat(100),
        fc.integer({ min: 1, max: 100 }),
        (of, samples, first, slots) => {
          let memory = freshMemory(0);
          let workers = first;
          let at = 0;
          for (const each of samples) {
            at += each.seconds;
            memory = { ...memory, estimate: observe(memory.estimate, each, of) };
            const { decision, memory: next } = decideScaling(memory, { at, crew: crewOf(workers, slots), settings: of });
            memory = next;
            if (decision.direction === 'out') expect(decision.wanted).toBeLessThanOrEqual(of.max);
            if (decision.direction === 'in') expect(decision.wanted).toBeLessThan(workers);
            expect(decision.wanted).toBeGreaterThanOrEqual(Math.min(of.min, Math.max(workers, decision.wanted)));
            if (decision.direction !== 'hold') expect(decision.wanted).toBeGreaterThanOrEqual(of.min);
            workers = decision.wanted;
          }
        },
      ),
    );
  });

  /** A queue with a constant stream, in fluid: what comes, waits, runs and ends each second. */
  const stream = (perSecond: number, serviceSeconds: number, slots: number) => {
    let [waiting, running] = [0, 0];
    const sampleAt = (_second: number, workers: number): ScalingSample => {
      const ended = Math.min(running, running / serviceSeconds);
      running -= ended;
      const begun = Math.min(waiting + perSecond, Math.max(0, workers * slots - running));
      running += begun;
      waiting += perSecond - begun;
      return { seconds: 1, waiting, arrived: perSecond, ended, running };
    };
    return { sampleAt, waiting: () => waiting };
  };

  test('under a constant load it comes to rest, where the target wait is kept', () => {
    const wide = { ...SETTINGS, max: 5000 };
    const rate = fc.double({ min: 0.05, max: 50, noNaN: true });
    fc.assert(
      fc.property(rate, fc.double({ min: 1, max: 60, noNaN: true }), fc.integer({ min: 1, max: 20 }), (perSecond, serviceSeconds, slots) => {
        const queue = stream(perSecond, serviceSeconds, slots);
        const { decisions } = watch(queue.sampleAt, 2000, wide, slots);
        expect(decisions.filter(({ at }) => at > 1500)).toEqual([]);
        expect(queue.waiting() / perSecond).toBeLessThanOrEqual(wide.targetWaitSeconds);
      }),
      { numRuns: 25, endOnFailure: true },
    );
  });
});
