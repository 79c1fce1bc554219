/** How close the expected end comes: each recorded workflow alone, run by the law as slots come free, the longest way ahead first. */
import { recorded, type Timed } from '../../bench/order/recorded';
import { percentile } from '../../bench/measure';
import { expectedEnd } from '../../src/core/expectedEnd';
import { runOfPlan } from '../../src/core/run';
import { upwardRank } from '../../src/core/upwardRank';
import { atOnce } from './atOnce';
import { applyAll, completed, planOf, plannedTask, started, T0 } from './model';

const SLOTS = 16;

interface Told {
  readonly endMs: number;
  /** What was told at the start, and what was told at half of that. */
  readonly atStartMs: number;
  readonly atHalf: { readonly askedMs: number; readonly toldMs: number };
}

/** `guess`: what is known of a task that takes so long. */
const runAlone = ({ tasks }: Timed, guess: (ms: number, task: number) => number): Told => {
  const run = runOfPlan({ ...planOf(tasks.map(({ parents }, i) => plannedTask(String(i), parents))), order: 'critical-path' });
  const msOf = ({ name }: { readonly name: string }): number => guess(tasks[Number(name)]!.ms, Number(name));
  const capacity = { slotsOf: () => SLOTS, perSlot: () => 1 };
  const told = (at: number): number => atOnce(expectedEnd(run, { now: T0 + at, expected: msOf, capacity }))! - T0;
  const ranks = upwardRank(run, msOf);
  const unmet = tasks.map(({ parents }) => parents.length);
  const ready = unmet.flatMap((count, i) => (count === 0 ? [i] : []));
  const running = new Map<number, number>();
  const fill = (now: number): void => {
    for (; running.size < SLOTS && ready.length > 0;) {
      const at = ready.reduce((best, task, i) => (ranks[task]! > ranks[ready[best]!]! ? i : best), 0);
      const [task] = ready.splice(at, 1);
      applyAll(run, [started(task!, 1, { at: T0 + now })], T0 + now);
      running.set(task!, now + tasks[task!]!.ms);
    }
  };
  const atStartMs = told(0);
  let atHalf = { askedMs: 0, toldMs: atStartMs };
  let now = 0;
  for (fill(now); running.size > 0; fill(now)) {
    const [task, until] = [...running].reduce((first, each) => (each[1] < first[1] ? each : first));
    const half = atStartMs / 2;
    if (now < half && until >= half) atHalf = { askedMs: half, toldMs: told(half) };
    now = until;
    running.delete(task);
    applyAll(run, [completed(task, 1, { at: T0 + now })], T0 + now);
    for (let edge = run.childStart[task]!; edge < run.childStart[task + 1]!; edge++)
      if (--unmet[run.children[edge]!]! === 0) ready.push(run.children[edge]!);
  }
  return { endMs: now, atStartMs, atHalf };
};

/** By how much they ended later than told, as parts of what was left when it was told. */
const lateOf = (all: readonly Told[]) => ({
  atStart: all.map(({ endMs, atStartMs }) => (endMs - atStartMs) / endMs),
  atHalf: all.map(({ endMs, atHalf: { askedMs, toldMs } }) => (endMs - toldMs) / (endMs - askedMs)),
});
const offBy = (late: readonly number[]): readonly number[] => [0.5, 0.9, 1].map((part) => percentile(late.map(Math.abs), part));
const tell = (what: string, off: readonly number[]): void => {
  process.stdout.write(`${what}: ${off.map((part) => `${(100 * part).toFixed(1)} %`).join(', ')} off at the median, the 90th percentile and most\n`);
};

const workflows = recorded(1).filter(({ tasks }) => tasks.some(({ ms }) => ms > 0));

test('where run times are known, all recorded workflows end as told', () => {
  expect(workflows.length).toBeGreaterThan(150);
  const { atStart, atHalf } = lateOf(workflows.map((each) => runAlone(each, (ms) => ms)));
  tell('at the start', offBy(atStart));
  tell('at half time', offBy(atHalf));
  // Which of two that are as important goes first makes a difference, and what the order of arrival is isn't told.
  expect(offBy(atStart).at(-1)).toBeLessThan(0.01);
  expect(offBy(atHalf).at(-1)).toBeLessThan(0.01);
});

test('where each is known to within three tenths only, they end about then', () => {
  const guess = (ms: number, task: number): number => ms * (0.7 + (0.6 * ((task * 2_654_435_761) % 2 ** 32)) / 2 ** 32);
  const { atStart, atHalf } = lateOf(workflows.map((each) => runAlone(each, guess)));
  tell('guessed, at the start', offBy(atStart));
  tell('guessed, at half time', offBy(atHalf));
  expect(offBy(atStart)[0]).toBeLessThan(0.1);
  expect(offBy(atStart)[1]).toBeLessThan(0.25);
});
