/** What goes before the highest priority, each within its share of all hand-outs: what is reserved for flows, and what has aged. */
import { createCredit } from './credit';
import type { FairLevel, FlowLine, Looking } from './fairLevel';
import { AGED_SHARE, agedPriority, ALONE, urgency, type Elsewhere, type FairnessSettings } from './fairness';
import type { Chosen, ReadyTask } from './readyTask';
import { headOf } from './waitingLine';

/** The head of a line, and the priority that it would go with. */
export interface Candidate {
  readonly line: FlowLine;
  readonly priority: number;
}

/** What would go by priority alone, and under which circumstances. */
export interface Asked {
  readonly first: Candidate | undefined;
  /** By the priority that something would go with. */
  readonly lookingAt: readonly Looking[];
  readonly now: number;
  readonly floor: number;
}

export interface Found extends Candidate {
  readonly by: 'reserve' | 'age';
}

export interface Entitled {
  /** Whether there can be anything: most often not. */
  mayFind(now: number): boolean;
  /** What goes before that, if anything. */
  find(asked: Asked): Found | undefined;
  handedOut(chosen: Chosen): void;
  /** The other schedulers have handed out so many tasks since. */
  learn(handedOut: number, elsewhere: Elsewhere): void;
}

/** Where nothing had aged, so long passes before it is looked for again. */
const LOOK_AGAIN_MS = 50;

export const createEntitled = ({ ageingMs, flows }: FairnessSettings, levels: readonly FairLevel[]): Entitled => {
  let elsewhere = ALONE;
  const reserves = Object.entries(flows).flatMap(([flow, { reserved }]) =>
    reserved <= 0 ? [] : [{ flow, credit: createCredit(() => reserved * (elsewhere.reservedParts.get(flow) ?? 1)) }],
  );
  const aged = createCredit(() => AGED_SHARE / elsewhere.schedulers);
  let lookAt = -Infinity;

  /** The most important that a flow has, at the place of what is displaced. */
  const ofFlow = (flow: string, least: number, lookingAt: Asked['lookingAt']): Candidate | undefined => {
    for (let own = levels.length - 1; own >= 0; own--) {
      const turn = levels[own]!.turn(flow);
      if (turn === undefined) continue;
      const priority = Math.max(own, least);
      const line = levels[own]!.nextOf(turn, lookingAt[priority]!);
      if (line !== undefined) return { line, priority };
    }
    return undefined;
  };

  const findReserved = ({ first, lookingAt, floor }: Asked): Found | undefined => {
    for (const { flow, credit } of reserves) {
      if (!credit.isEnough()) continue;
      const found = ofFlow(flow, first?.priority ?? floor, lookingAt);
      if (found !== undefined) return { ...found, by: 'reserve' };
    }
    return undefined;
  };

  const waitedMs = ({ run, task }: ReadyTask, now: number): number => Math.max(0, now - run.since[task]!);

  const findAged = ({ first, lookingAt, now, floor }: Asked): Found | undefined => {
    const priority = first?.priority ?? floor;
    const head = first && headOf(first.line.line)!;
    let most = head === undefined ? -Infinity : urgency(priority, waitedMs(head, now), ageingMs);
    let found: Found | undefined;
    for (let own = priority - 1; own >= 0; own--) {
      if (levels[own]!.size() === 0) continue;
      const line = levels[own]!.peek(lookingAt[priority]!);
      if (line === undefined) continue;
      const waited = waitedMs(headOf(line.line)!, now);
      const urgent = urgency(own, waited, ageingMs);
      if (agedPriority(own, waited, ageingMs) < priority || urgent <= most) continue;
      most = urgent;
      found = { line, priority, by: 'age' };
    }
    return found;
  };

  const hasReady = (flow: string): boolean => levels.some((level) => level.turn(flow) !== undefined);

  const earn = (handedOut: number): void => {
    for (const { flow, credit } of reserves) if (hasReady(flow)) credit.earn(handedOut);
    if (ageingMs > 0) aged.earn(handedOut);
  };

  const mayAge = (now: number): boolean => ageingMs > 0 && now >= lookAt && aged.isEnough();

  /** What goes by priority alone may go to other workers than what waits elsewhere: both may be displaced. */
  const displacedBy = (asked: Asked): readonly Asked[] =>
    asked.first === undefined || asked.first.priority >= asked.floor ? [asked] : [asked, { ...asked, first: undefined }];

  const findIn = (all: readonly Asked[], find: (asked: Asked) => Found | undefined): Found | undefined => {
    for (const asked of all) {
      const found = find(asked);
      if (found !== undefined) return found;
    }
    return undefined;
  };

  return {
    mayFind: (now) => reserves.length > 0 || mayAge(now),
    find: (asked) => {
      const all = displacedBy(asked);
      const reserved = findIn(all, findReserved);
      if (reserved !== undefined || !mayAge(asked.now)) return reserved;
      const found = findIn(all, findAged);
      if (found === undefined) lookAt = asked.now + LOOK_AGAIN_MS;
      return found;
    },
    handedOut: ({ ready, by }) => {
      earn(1);
      if (by === 'age') aged.spend();
      for (const { flow, credit } of reserves) if (flow === ready.run.flow) credit.spend();
    },
    learn: (handedOut, next) => {
      elsewhere = next;
      if (handedOut > 0) earn(handedOut);
    },
  };
};
