/** What a scheduler tells the others of what waits with it, so that flows get their shares over all of them. */
import type { FairLevel, Group } from './fairLevel';
import type { Elsewhere } from './fairness';
import { lineSize } from './waitingLine';

export interface FlowStanding {
  /** Empty for all that aren't listed by themselves. */
  readonly flow: string;
  readonly weight: number;
  /** Tasks that wait for a worker that could run them, by type. */
  readonly waiting: Readonly<Record<string, number>>;
}

export interface Standing {
  /** The highest priority that waits; null for none. */
  readonly highest: number | null;
  /** The same, of each type: to workers that run none of them others may send what they like. */
  readonly highestOf: Readonly<Record<string, number>>;
  /** Tasks handed out since its start. */
  readonly handedOut: number;
  /** What waits at the highest priority. */
  readonly flows: readonly FlowStanding[];
  /** How many wait of each flow with a reserved share, whatever their priority. */
  readonly reserved: Readonly<Record<string, number>>;
}

export const NOTHING_WAITS: Standing = { highest: null, highestOf: {}, handedOut: 0, flows: [], reserved: {} };

/** So many flows are told by name: what a scheduler says has a bounded size, however many wait. */
const MOST_FLOWS = 100;

const countIn = (waiting: Record<string, number>, type: string, count: number): void => {
  waiting[type] = (waiting[type] ?? 0) + count;
};

/** What waits at one priority, of the groups that are open. */
export const flowsOf = (
  level: FairLevel,
  isOpen: (group: Pick<Group, 'type' | 'pool'>) => boolean,
  weightOf: (flow: string) => number,
): FlowStanding[] => {
  const open = new Set([...level.groups()].filter((group) => group.size > 0 && isOpen(group)));
  const flows: FlowStanding[] = [];
  const rest: Record<string, number> = {};
  for (const { type, size } of open) countIn(rest, type, size);
  let restWeight = level.weights();
  for (const turn of level.turns()) {
    if (flows.length >= MOST_FLOWS) break;
    restWeight -= turn.weight;
    const waiting: Record<string, number> = {};
    for (const { group, line } of turn.lines ?? []) {
      if (!open.has(group)) continue;
      countIn(waiting, group.type, lineSize(line));
      countIn(rest, group.type, -lineSize(line));
    }
    if (Object.keys(waiting).length > 0) flows.push({ flow: turn.flow, weight: weightOf(turn.flow), waiting });
  }
  const left = Object.entries(rest).filter(([, count]) => count > 0);
  return left.length === 0 ? flows : [...flows, { flow: '', weight: restWeight, waiting: Object.fromEntries(left) }];
};

/** How many of a flow wait, at all priorities. */
export const waitingOf = (levels: readonly FairLevel[], flow: string): number =>
  levels.reduce((sum, level) => sum + (level.turn(flow)?.lines ?? []).reduce((inLevel, { line }) => inLevel + lineSize(line), 0), 0);

const total = ({ waiting }: FlowStanding, types?: ReadonlySet<string>): number => {
  let sum = 0;
  for (const type in waiting) if (types === undefined || types.has(type)) sum += waiting[type]!;
  return sum;
};

/** The part of what waits anywhere that waits here, for what waits elsewhere, too. */
const partsOf = (here: ReadonlyMap<string, number>, all: readonly ReadonlyMap<string, number>[]): Map<string, number> => {
  const parts = new Map<string, number>();
  for (const [flow, count] of here) {
    const sum = all.reduce((so, each) => so + (each.get(flow) ?? 0), 0);
    if (count > 0 && sum > count) parts.set(flow, count / sum);
  }
  return parts;
};

const countsOf = ({ flows }: Standing): Map<string, number> =>
  new Map(flows.flatMap((each) => (each.flow === '' ? [] : [[each.flow, total(each)] as const])));

export interface Shares {
  /** The highest priority that waits at another scheduler; null for none. */
  readonly floor: number | null;
  /** The same, of each type. */
  readonly floors: Readonly<Record<string, number>>;
  readonly elsewhere: Elsewhere;
  /**
   * How much of what workers of these types may hold should be of this scheduler, beside the one that is entitled to most: as much as the
   * flows that wait here get by their weights. 1 where nobody else waits for them at this priority.
   */
  of(types: ReadonlySet<string>): number;
}

const highestOfAll = (standings: readonly Standing[]): Record<string, number> => {
  const highest: Record<string, number> = {};
  for (const { highestOf } of standings) for (const [type, own] of Object.entries(highestOf)) highest[type] = Math.max(highest[type] ?? 0, own);
  return highest;
};

/** What follows from what all say. Each works it out by itself: they agree as far as they have heard the same. */
export const createShares = (here: Standing, others: readonly Standing[]): Shares => {
  const floor = others.reduce<number | null>((most, { highest }) => (highest === null ? most : Math.max(most ?? 0, highest)), null);
  const rivals = here.highest === null ? [] : others.filter(({ highest }) => highest === here.highest);
  const isAlone = rivals.length === 0;
  const all = isAlone ? [here] : [here, ...rivals];

  /** What each scheduler is entitled to, as weights. */
  const entitlements = (types: ReadonlySet<string>): number[] => {
    const waiting = new Map<string, number>();
    for (const { flows } of all)
      for (const each of flows) if (each.flow !== '') waiting.set(each.flow, (waiting.get(each.flow) ?? 0) + total(each, types));
    return all.map(({ flows }) =>
      flows.reduce((sum, each) => {
        const own = total(each, types);
        return own === 0 ? sum : sum + (each.weight * own) / (waiting.get(each.flow) ?? own);
      }, 0),
    );
  };
  return {
    floor,
    floors: highestOfAll(others),
    elsewhere: {
      parts: isAlone ? new Map() : partsOf(countsOf(here), all.map(countsOf)),
      reservedParts: partsOf(
        new Map(Object.entries(here.reserved)),
        [here, ...others].map(({ reserved }) => new Map(Object.entries(reserved))),
      ),
      schedulers: 1 + others.length,
    },
    of: (types) => {
      if (isAlone) return 1;
      const [own = 0, ...rest] = entitlements(types);
      return own === 0 ? 1 : Math.min(1, own / Math.max(own, ...rest));
    },
  };
};
