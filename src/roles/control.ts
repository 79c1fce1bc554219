/** What changes DAGs that exist, put together from its stage and what it is handed from others. */
import { createControl } from '../control/commands';
import { createGateControl } from '../control/gates';
import { createLimitControl } from '../control/limits';
import { createLetters } from '../control/letters';
import { createRequester } from '../control/requester';
import { controlRoutes } from '../control/routes';
import { createTargets } from '../control/targets';
import { gateJson } from '../observe/gates';
import { limitJson, runningUnder } from '../observe/limits';
import { dagJson, taskJson } from '../observe/present';
import { letterJson } from '../observe/presentHistory';
import type { GateStore } from '../ports/gates';
import type { LiveWorker } from '../ports/leases';
import type { LimitStore } from '../ports/limits';
import type { Permits } from '../ports/permits';
import type { RunStore } from '../ports/store';
import type { EventLog } from '../ports/transport';
import { createEditPlanner, createJsonText } from '../submit/edits';
import type { PlanningNeeds } from '../submit/planning';
import type { ProcessLife } from './processLife';
import type { Storage } from './storage';

export interface ControlApiNeeds extends Pick<Storage, 'commands' | 'views' | 'history' | 'letters' | 'letterStore' | 'removal'> {
  readonly life: Pick<ProcessLife, 'clock' | 'announce' | 'listen'>;
  readonly store: Pick<RunStore, 'anyDag'>;
  readonly log: Pick<EventLog, 'append'>;
  readonly planning: PlanningNeeds;
  readonly gates: GateStore;
  readonly limits: LimitStore;
  readonly permits: Pick<Permits, 'taken'>;
  readonly workers: () => readonly LiveWorker[];
  /** A gate was changed: this process is to follow at once. */
  readonly gatesChanged: () => void;
  /** A limit was changed, likewise. */
  readonly limitsChanged: () => void;
  /** How long a request waits for its command's outcome. */
  readonly outcomeMs: number;
}

const MOST_WAITING = 1000;

/** The routes of commands. */
export const createControlApi = ({
  life,
  store,
  letterStore,
  removal,
  planning,
  outcomeMs,
  gates,
  limits,
  permits,
  workers,
  gatesChanged,
  limitsChanged,
  ...needs
}: ControlApiNeeds): ReturnType<typeof controlRoutes> => {
  const { clock } = life;
  const views = { ...needs.views, ...needs.history, ...needs.letters };
  const requester = createRequester({ ...life, ...needs, views, waitMs: outcomeMs, mostWaiting: MOST_WAITING });
  const jsonText = createJsonText(planning);
  const targets = createTargets({ views, store });
  const types = (): ReadonlySet<string> => new Set([...planning.types, ...workers().flatMap((worker) => worker.types)]);
  return controlRoutes({
    control: createControl({ requester, targets, views, store, removal, clock, jsonText, planEdit: createEditPlanner(planning) }),
    letters: createLetters({ views, letters: letterStore, commands: needs.commands, requester, clock, jsonText }),
    gates: createGateControl({
      store: gates,
      clock,
      announce: life.announce,
      types,
      changed: gatesChanged,
    }),
    limits: createLimitControl({ store: limits, clock, announce: life.announce, types, changed: limitsChanged }),
    views,
    bodyBytes: planning.limits.bodyBytes,
    present: {
      dag: dagJson,
      task: taskJson,
      letter: letterJson,
      gate: (gate) => gateJson(gate, clock.now()),
      limit: async (limit) => limitJson(limit, (await runningUnder(permits, [limit]))[0] ?? null),
    },
  });
};
