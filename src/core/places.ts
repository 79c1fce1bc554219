/** Where a ready task stands, found by walking: for people who ask, not for choosing. */
import type { FairLevel, FlowLine, Turn } from './fairLevel';
import type { DagId } from './ids';
import { comesFirst, itemsOf, lineSize } from './waitingLine';
import type { ReadyTask } from './readyTask';

/** A task's place among the ready ones of its type. */
export interface Place {
  /** From 1: as things are, it is about the so many-eth to be handed out. */
  readonly position: number;
  readonly of: number;
  readonly priority: number;
  /** Its tenant, or its DAG's name. */
  readonly flow: string;
  /** How many of its own flow come first at its priority. */
  readonly aheadInFlow: number;
  /** Flows with something ready at its priority, its own among them. */
  readonly flows: number;
}

const linesOf = (level: FairLevel, type: string): FlowLine[] =>
  [...level.groups()].flatMap((group) => (group.type === type ? [...group.byFlow.values()] : []));

const sizeOf = (level: FairLevel, type: string): number => linesOf(level, type).reduce((sum, { line }) => sum + lineSize(line), 0);

/** How many of other flows go before a flow has had so many of its own. */
const ofOthers = (lines: readonly FlowLine[], own: FlowLine, rounds: number): number => {
  const others = new Map<Turn, number>();
  for (const { turn, line } of lines) if (turn !== own.turn) others.set(turn, (others.get(turn) ?? 0) + lineSize(line));
  const endsAt = own.turn.at + (rounds - 1) / own.turn.weight;
  let sum = 0;
  // Their tasks end at their turn, and each 1 / weight after it.
  for (const [{ at, weight }, size] of others) sum += Math.min(size, Math.max(0, Math.ceil((endsAt - at) * weight)));
  return sum;
};

/** Makes the finder. */
export const createPlaces =
  (levels: readonly FairLevel[], isLive: (item: ReadyTask) => boolean) =>
  (dag: DagId, task: number): Place | undefined => {
    for (const [priority, level] of levels.entries()) {
      const queued = findIn(level, (item) => item.task === task && item.run.dag === dag && isLive(item));
      if (queued === undefined) continue;
      const { item, line } = queued;
      const { type } = line.group;
      const lines = linesOf(level, type);
      const own = lines.filter(({ turn }) => turn === line.turn).flatMap((each) => itemsOf(each.line));
      const aheadInFlow = own.filter((other) => other !== item && comesFirst(other, item)).length;
      const higher = levels.slice(priority + 1).reduce((sum, each) => sum + sizeOf(each, type), 0);
      return {
        position: 1 + higher + aheadInFlow + ofOthers(lines, line, aheadInFlow + 1),
        of: levels.reduce((sum, each) => sum + sizeOf(each, type), 0),
        priority,
        flow: line.turn.flow,
        aheadInFlow,
        flows: new Set(lines.map(({ turn }) => turn)).size,
      };
    }
    return undefined;
  };

const findIn = (level: FairLevel, isIt: (item: ReadyTask) => boolean): { item: ReadyTask; line: FlowLine } | undefined => {
  for (const group of level.groups())
    for (const line of group.byFlow.values()) {
      const item = itemsOf(line.line).find(isIt);
      if (item !== undefined) return { item, line };
    }
  return undefined;
};
