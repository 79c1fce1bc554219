/**
 * The ready tasks of one priority, shared out among flows by weight: weighted round robin, kept by virtual finish times. A flow's turn is the
 * time at which its next task would end if all flows with something ready went on side by side, each at the pace of its weight; the
 * lowest is next. Each task costs 1. A flow that comes joins at the present time, and leaves no trace when it is empty: by then it is even.
 */
import { add, settle, takeOut, type Order } from './heap';
import type { ReadyTask } from './readyTask';
import { append, comesFirst, headOf, keepOnly, lineOf, lineSize, prepend, takeHead, type WaitingLine } from './waitingLine';

/** A flow within one priority. */
export interface Turn {
  readonly flow: string;
  weight: number;
  /** The virtual finish time of its next task. */
  at: number;
  /** Tasks that came back unsent: their turns are paid for. */
  paid: number;
  /** Undefined only while it is made. */
  lines: FlowLine[] | undefined;
}

/** The ready tasks of a flow of one type and pool. */
export interface FlowLine {
  readonly turn: Turn;
  readonly group: Group;
  readonly line: WaitingLine;
  /** The turn, and the arrival of the head, by which it stands in its group; turns only grow, so what is out of date is too early. */
  turnAt: number;
  first: number;
  place: number;
}

/** All flows of one type and pool. */
export interface Group {
  readonly type: string;
  readonly pool: string | undefined;
  readonly byFlow: Map<string, FlowLine>;
  readonly heap: FlowLine[];
  size: number;
}

/** A flow that could not be served for long, because its type had no room, catches up no more than so many rounds. */
const MOST_ROUNDS_BEHIND = 1000;

const BY_TURN: Order<FlowLine> = {
  isBefore: (one, other) => (one.turnAt === other.turnAt ? one.first < other.first : one.turnAt < other.turnAt),
  moved: (line, at) => {
    line.place = at;
  },
};

const refresh = (flowLine: FlowLine): void => {
  flowLine.turnAt = flowLine.turn.at;
  flowLine.first = headOf(flowLine.line)?.sequence ?? Infinity;
  settle(flowLine.group.heap, flowLine.place, BY_TURN);
};

/** Which of the groups may be looked at, and what of a line is free to go: what isn't is taken out of it. */
export interface Looking {
  readonly mayTake: (group: Pick<Group, 'type' | 'pool'>) => boolean;
  readonly freeHead: (line: WaitingLine) => ReadyTask | undefined;
}

export interface FairLevel {
  size(): number;
  groups(): Iterable<Group>;
  turn(flow: string): Turn | undefined;
  turns(): Iterable<Turn>;
  /** The weights of all flows that wait, added up. */
  weights(): number;
  push(item: ReadyTask): void;
  /** Before all others of its flow; `isPaid` where it was taken before and was never sent. */
  putBack(item: ReadyTask, isPaid: boolean): void;
  /** The types of which anything is free to go. */
  types(looking: Looking): ReadonlySet<string>;
  /** What is next by turns. */
  peek(looking: Looking): FlowLine | undefined;
  /** As `peek`, but that up to `burst` tasks of the same flow go in a row: the turns stay what they are, only the steps are longer. */
  next(looking: Looking, burst: number): FlowLine | undefined;
  /** What of one flow is next. */
  nextOf(turn: Turn, looking: Looking): FlowLine | undefined;
  /** Takes the head of a line, at its flow's cost. */
  take(flowLine: FlowLine): ReadyTask;
  /** Flows have other weights from now on. */
  reweigh(): void;
  keep(isKept: (item: ReadyTask) => boolean): void;
}

export const createFairLevel = (weightOf: (flow: string) => number): FairLevel => {
  const byType = new Map<string, Map<string | undefined, Group>>();
  const groups: Group[] = [];
  const turns = new Map<string, Turn>();
  let size = 0;
  let weights = 0;
  let now = 0;
  let inBurst: { readonly turn: Turn; left: number } | undefined;

  const groupOf = (type: string, pool: string | undefined): Group => {
    let byPool = byType.get(type);
    if (byPool === undefined) byType.set(type, (byPool = new Map<string | undefined, Group>()));
    let group = byPool.get(pool);
    if (group === undefined) {
      byPool.set(pool, (group = { type, pool, byFlow: new Map(), heap: [], size: 0 }));
      groups.push(group);
    }
    return group;
  };
  const newTurn = (flow: string): Turn => {
    const weight = weightOf(flow);
    const turn: Turn = { flow, weight, at: now + 1 / weight, paid: 0, lines: undefined };
    turns.set(flow, turn);
    weights += weight;
    return turn;
  };
  const begin = (group: Group, item: ReadyTask): FlowLine => {
    const { flow } = item.run;
    const turn = turns.get(flow) ?? newTurn(flow);
    const flowLine: FlowLine = { turn, group, line: lineOf(item), turnAt: turn.at, first: item.sequence, place: 0 };
    group.byFlow.set(flow, flowLine);
    if (turn.lines === undefined) turn.lines = [flowLine];
    else turn.lines.push(flowLine);
    add(group.heap, flowLine, BY_TURN);
    return flowLine;
  };

  /** Adds a task to its line, by `enter` where there is one. */
  const enter = (item: ReadyTask, how: (line: WaitingLine, item: ReadyTask) => void): FlowLine => {
    const { type, options } = item.run.specs[item.task]!;
    const group = groupOf(type, options?.pool);
    size += 1;
    group.size += 1;
    const flowLine = group.byFlow.get(item.run.flow);
    if (flowLine === undefined) return begin(group, item);
    how(flowLine.line, item);
    if (headOf(flowLine.line)!.sequence !== flowLine.first) refresh(flowLine);
    return flowLine;
  };

  /** Pools and flows have any name: those that nothing waits in leave no trace. */
  const tidy = (flowLine: FlowLine): void => {
    const { turn, group } = flowLine;
    takeOut(group.heap, BY_TURN, flowLine.place);
    group.byFlow.delete(turn.flow);
    if (turn.lines!.length > 1) turn.lines!.splice(turn.lines!.indexOf(flowLine), 1);
    else {
      turns.delete(turn.flow);
      weights = turns.size === 0 ? 0 : weights - turn.weight;
      if (turns.size === 0) now = 0;
      if (inBurst?.turn === turn) inBurst = undefined;
    }
    if (group.heap.length > 0 || group.pool === undefined) return;
    byType.get(group.type)?.delete(group.pool);
    groups.splice(groups.indexOf(group), 1);
  };
  /** After something was taken out of a line: so many fewer, and perhaps another head. */
  const left = (flowLine: FlowLine, before: number): void => {
    const rest = lineSize(flowLine.line);
    size -= before - rest;
    flowLine.group.size -= before - rest;
    if (rest === 0) tidy(flowLine);
    else if (rest < before) refresh(flowLine);
  };

  /** The free head of a line; where it has none, it is gone. */
  const look = (flowLine: FlowLine, { freeHead }: Looking): ReadyTask | undefined => {
    const before = lineSize(flowLine.line);
    const head = freeHead(flowLine.line);
    // Whatever was taken out of it was its head.
    if (head?.sequence !== flowLine.first) left(flowLine, before);
    return head;
  };

  /** The line of a group whose turn it is. */
  const topOf = (group: Group, looking: Looking): FlowLine | undefined => {
    for (;;) {
      const top = group.heap[0];
      if (top === undefined) return undefined;
      if (top.turnAt !== top.turn.at) {
        refresh(top);
        continue;
      }
      const { first } = top;
      if (look(top, looking)?.sequence === first) return top;
    }
  };

  const nextOf = (turn: Turn, looking: Looking): FlowLine | undefined => {
    let best: FlowLine | undefined;
    let bestHead: ReadyTask | undefined;
    for (const flowLine of [...turn.lines!]) {
      const head = looking.mayTake(flowLine.group) ? look(flowLine, looking) : undefined;
      if (head === undefined || (bestHead !== undefined && comesFirst(bestHead, head))) continue;
      best = flowLine;
      bestHead = head;
    }
    return best;
  };

  const byTurns = (looking: Looking): FlowLine | undefined => {
    let best: FlowLine | undefined;
    for (const group of groups.length === 1 ? groups : [...groups]) {
      if (group.size === 0 || !looking.mayTake(group)) continue;
      const top = topOf(group, looking);
      if (top !== undefined && (best === undefined || BY_TURN.isBefore(top, best))) best = top;
    }
    // Whose turn it is decides; which of its types, its own order, which is that of arrival where nothing has a rank.
    return best?.turn.lines!.some(({ line }) => line.ranked !== undefined) ? nextOf(best.turn, looking) : best;
  };

  return {
    size: () => size,
    groups: () => groups,
    turn: (flow) => turns.get(flow),
    turns: () => turns.values(),
    weights: () => weights,
    push: (item) => {
      enter(item, append);
    },
    putBack: (item, isPaid) => {
      const { turn } = enter(item, prepend);
      if (isPaid) turn.paid += 1;
    },
    types: (looking) => {
      const types = new Set<string>();
      for (const group of [...groups])
        if (group.size > 0 && !types.has(group.type) && looking.mayTake(group) && topOf(group, looking) !== undefined) types.add(group.type);
      return types;
    },
    peek: byTurns,
    next: (looking, burst) => {
      if (inBurst !== undefined && inBurst.left > 0) {
        const again = nextOf(inBurst.turn, looking);
        if (again !== undefined) return again;
      }
      const best = byTurns(looking);
      if (best === undefined) return undefined;
      now = Math.max(now, best.turn.at);
      inBurst = burst > 1 ? { turn: best.turn, left: burst } : undefined;
      return best;
    },
    nextOf,
    take: (flowLine) => {
      const { turn } = flowLine;
      if (inBurst?.turn === turn) inBurst.left -= 1;
      if (turn.paid > 0) turn.paid -= 1;
      else turn.at = Math.max(turn.at, now - MOST_ROUNDS_BEHIND) + 1 / turn.weight;
      const before = lineSize(flowLine.line);
      const item = takeHead(flowLine.line)!;
      left(flowLine, before);
      return item;
    },
    reweigh: () => {
      weights = 0;
      for (const turn of turns.values()) weights += turn.weight = weightOf(turn.flow);
    },
    keep: (isKept) => {
      for (const group of [...groups]) {
        for (const flowLine of [...group.byFlow.values()]) {
          const before = lineSize(flowLine.line);
          keepOnly(flowLine.line, isKept);
          left(flowLine, before);
        }
      }
    },
  };
};
