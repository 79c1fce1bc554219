/** Which legal moves a run made, found by applying its logs to the law once more, event by event. */
import { applyEvent } from '../../src/core/applyEvent';
import type { DagId } from '../../src/core/ids';
import { runOfPlan, type Run } from '../../src/core/run';
import { statusOf } from '../../src/core/states';
import { newStep } from '../../src/core/step';
import { DEFAULT_LAW } from '../../src/core/transition';
import type { Entry } from './history';

/** Counts `PENDING → QUEUED` and so on, over all tasks. */
export const movesIn = (entries: readonly Entry[], count: (move: string) => void): void => {
  const runs = new Map<DagId, Run>();
  const before = new Map<DagId, Uint8Array>();
  for (const entry of entries) {
    if (entry.kind === 'stored') {
      const run = runOfPlan(entry.dag);
      runs.set(run.dag, run);
      before.set(run.dag, run.state.slice());
    }
    if (entry.kind !== 'appended') continue;
    for (const event of entry.events) {
      if (event.type === 'submitted' || event.type === 'alive') continue;
      const step = newStep();
      applyEvent(step, event, { runs, now: entry.timestamp, law: DEFAULT_LAW });
      for (const run of new Set([...step.touched.keys(), ...step.ready.map(({ run: ready }) => ready)])) {
        const old = before.get(run.dag)!;
        run.state.forEach((state, task) => {
          const again = state === old[task] && step.ready.some((each) => each.run === run && each.task === task);
          if (state !== old[task] || again) count(`move: ${statusOf(old[task]!)} → ${statusOf(state)}`);
        });
        before.set(run.dag, run.state.slice());
      }
    }
  }
};
