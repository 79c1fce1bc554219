/** How many tasks were handed out, why, and to whom: of flows that nobody listed, all together. */
import type { FairnessSettings } from './fairness';
import type { Chosen, Right } from './readyTask';

export interface HandOuts {
  readonly by: Readonly<Record<Right, number>>;
  /** Of each flow with settings of its own; of all others under the empty name. */
  readonly flows: ReadonlyMap<string, number>;
}

export interface HandOutCount extends HandOuts {
  add(chosen: Chosen): void;
  total(): number;
}

export const countHandOuts = ({ flows: listed }: Pick<FairnessSettings, 'flows'>): HandOutCount => {
  const by: Record<Right, number> = { turn: 0, reserve: 0, age: 0 };
  const flows = new Map<string, number>([...Object.keys(listed), ''].map((flow) => [flow, 0]));
  return {
    by,
    flows,
    add: ({ ready, by: why }) => {
      by[why] += 1;
      const { flow } = ready.run;
      const known = flows.has(flow) ? flow : '';
      flows.set(known, flows.get(known)! + 1);
    },
    total: () => by.turn + by.reserve + by.age,
  };
};
