/** The figures of the whole system, as whoever is asked knows them. */
import { SLOT_MS, SLOTS_KEPT, slotOf } from '../../core/live';
import type { Clock } from '../../ports/clock';
import type { DeadLetterView, DeadLetterViews } from '../../ports/letters';
import type { FigureBoard, SlotFigures } from '../../ports/live';
import type { HealthReport } from '../health';
import { isoTime } from '../present';
import { letterJson } from '../presentHistory';
import type { Counting } from './counting';
import { freshly } from './freshly';
import { presentOf, slotsOf, sumOf } from './history';

export interface OverviewNeeds {
  /** This process's name among the schedulers. */
  readonly scheduler: string;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly board: FigureBoard;
  readonly counting: Counting;
  readonly health: () => Promise<HealthReport>;
  readonly letters: Pick<DeadLetterViews, 'letters'>;
}

export interface Overview {
  /** Counts on, and tells the others. */
  tellOnce(): Promise<void>;
  /** JSON text of how things stand; a second old at the most. */
  present(): Promise<string>;
  /** The same, with the last quarter of an hour. */
  withHistory(): Promise<string>;
}

const FAILURES_SHOWN = 10;
const FRESH_MS = 900;
const FAILURES_FRESH_MS = 10_000;
const RECENT_SLOTS = 60;
/** Of a slot it is known later than it is over what everybody counted. */
const SETTLED_SLOTS = 3;

const rateOf = (count: number): number => Math.round((count / 5) * 10) / 10;

const recentOf = (slots: readonly (SlotFigures | undefined)[]): object => {
  const counts = (['completed', 'failed', 'skipped', 'cancelled'] as const).map((name) => slots.reduce((sum, slot) => sum + (slot?.[name] ?? 0), 0));
  const [completed = 0, failed = 0, skipped = 0, cancelled = 0] = counts;
  const successRate = completed + failed === 0 ? null : Math.round((completed / (completed + failed)) * 10_000) / 100;
  return { seconds: (RECENT_SLOTS * SLOT_MS) / 1000, completed, failed, skipped, cancelled, successRate };
};

const total = (queued: Readonly<Record<string, number>>): number => Object.values(queued).reduce((sum, count) => sum + count, 0);

/** A curve for each name that occurs in any slot; null where nothing was told. */
const curves = <T>(slots: readonly (SlotFigures | undefined)[], of: (slot: SlotFigures) => Readonly<Record<string, T>>, absent: T | null): object => {
  const names = [...new Set(slots.flatMap((slot) => (slot === undefined ? [] : Object.keys(of(slot)))))].sort();
  return Object.fromEntries(names.map((name) => [name, slots.map((slot) => (slot === undefined ? null : (of(slot)[name] ?? absent)))]));
};

const historyOf = (slots: readonly (SlotFigures | undefined)[], last: number): object => {
  const curve = (of: (slot: SlotFigures) => number) => slots.map((slot) => (slot === undefined ? null : of(slot)));
  return {
    stepSeconds: SLOT_MS / 1000,
    from: isoTime((last - SLOTS_KEPT + 1) * SLOT_MS),
    completed: curve(({ completed }) => completed),
    failed: curve(({ failed }) => failed),
    skipped: curve(({ skipped }) => skipped),
    cancelled: curve(({ cancelled }) => cancelled),
    queued: curve(({ queued }) => total(queued)),
    queuedByPriority: curves(slots, ({ queued }) => queued, 0),
    liveDags: curve(({ dags }) => dags),
    workers: curve(({ active, draining }) => active + draining),
    slots: curve(({ slots: all }) => all),
    slotsTaken: curve(({ taken }) => taken),
    health: curves(slots, ({ health }) => health, null),
  };
};

const isTask = ({ task }: DeadLetterView): boolean => task !== null;

/** The newest tasks that gave up: asked anew when more failed, and now and then, since a letter may be closed. */
const createFailures = ({ letters, clock }: Pick<OverviewNeeds, 'letters' | 'clock'>): ((failed: number) => Promise<string>) => {
  let [text, asOf, failedThen] = ['[]', -Infinity, -1];
  return async (failed) => {
    const age = clock.monotonic() - asOf;
    if (age < FRESH_MS || (failed === failedThen && age < FAILURES_FRESH_MS)) return text;
    // While the database is away the last ones known are shown.
    const newest = await letters.letters({}, 2 * FAILURES_SHOWN).catch(() => undefined);
    if (newest !== undefined)
      [text, asOf, failedThen] = [`[${newest.filter(isTask).slice(0, FAILURES_SHOWN).map(letterJson).join(',')}]`, clock.monotonic(), failed];
    return text;
  };
};

/** What everybody told, as far as it was read; the own is known without asking. */
const createTold = ({ scheduler, clock, board, counting }: OverviewNeeds) => {
  const told = new Map<number, Map<string, SlotFigures>>();
  let settled = -Infinity;
  const put = (slot: number, name: string, figures: SlotFigures): void => {
    const there = told.get(slot) ?? new Map<string, SlotFigures>();
    told.set(slot, there.set(name, figures));
  };
  return async (): Promise<ReadonlyMap<number, ReadonlyMap<string, SlotFigures>>> => {
    const now = slotOf(clock.now());
    const from = Math.max(settled + 1, now - SLOTS_KEPT);
    // While Redis is away there is what was read before, and the own.
    const read = await board.figures(from, now + 1).catch(() => undefined);
    for (const { slot, scheduler: name, figures } of read ?? []) put(slot, name, figures);
    if (read !== undefined) settled = now - SETTLED_SLOTS;
    for (const [slot, figures] of counting.slots()) put(slot, scheduler, figures);
    for (const slot of told.keys()) if (slot < now - SLOTS_KEPT) told.delete(slot);
    return told;
  };
};

/** JSON text of an object with one more field, whose value is JSON text. */
const withField = (json: string, name: string, value: string): string => `${json.slice(0, -1)},"${name}":${value}}`;

const upIn = ({ components }: HealthReport): Record<string, boolean> =>
  Object.fromEntries(Object.entries(components).map(([name, { status }]) => [name, status === 'UP']));

/** Makes the overview. Nothing of it rejects: what can't be asked is as it was. */
export const createOverview = (needs: OverviewNeeds): Overview => {
  const { scheduler, clock, board, counting, health } = needs;
  const toldBy = createTold(needs);
  const failures = createFailures(needs);
  let published = -Infinity;
  let checked: { readonly slot: number; readonly up: Readonly<Record<string, boolean>> } = { slot: -Infinity, up: {} };
  const standing = freshly(clock, FRESH_MS, async () => {
    const [told, report] = await Promise.all([toldBy(), health()]);
    const now = slotOf(clock.now());
    const slots = slotsOf(told, now - 1);
    const present = presentOf(told, now);
    const sum = sumOf([...present.values()]);
    const [completed = 0, failed = 0, skipped = 0, cancelled = 0] = sum?.lately.map(rateOf) ?? [];
    const text = JSON.stringify({
      at: isoTime(clock.now()),
      schedulers: [...present.keys()].sort(),
      perSecond: { finished: rateOf(sum?.lately.reduce((all, count) => all + count, 0) ?? 0), completed, failed, skipped, cancelled },
      recent: recentOf(slots.slice(-RECENT_SLOTS)),
      queued: { total: total(sum?.queued ?? {}), byPriority: sum?.queued ?? {} },
      liveDags: sum?.dags ?? 0,
      workers: { active: sum?.active ?? 0, draining: sum?.draining ?? 0, slots: sum?.slots ?? 0, slotsTaken: sum?.taken ?? 0 },
      health: report,
    });
    const newest = await failures(slots.reduce((all, slot) => all + (slot?.failed ?? 0), sum?.failed ?? 0));
    return { text: withField(text, 'failures', newest), slots, last: now - 1 };
  });
  return {
    tellOnce: async () => {
      const slot = slotOf(clock.now());
      if (checked.slot !== slot) checked = { slot, up: upIn(await health()) };
      counting.tick(checked.up);
      const unsaid = new Map([...counting.slots()].filter(([slot]) => slot >= published));
      await board.publish(scheduler, unsaid);
      published = Math.max(...unsaid.keys());
    },
    present: async () => (await standing()).text,
    withHistory: async () => {
      const { text, slots, last } = await standing();
      return withField(text, 'history', JSON.stringify(historyOf(slots, last)));
    },
  };
};
