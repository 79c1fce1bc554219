/** What an operator asks of a pool. */
import type { Pool } from '../../../../src/sdk/responses';
import { api } from '../../api/client';
import { confirm, type Question } from '../../parts/dialog';
import { tell, tellFailure } from '../../parts/toasts';
import { removeLimit } from '../limits/removal';
import { resumeGate } from '../limits/resume';

export interface Action {
  readonly key: 'limit' | 'remove' | 'pause' | 'resume';
  readonly verb: string;
  /** True where it was done. */
  readonly act: () => Promise<boolean>;
}

const MOST_RUNNING = 1_000_000;

const limitQuestion = (name: string, maxRunning: number | undefined): Question => ({
  title: `${maxRunning === undefined ? 'Limit' : 'Change the limit of'} the pool ${name}?`,
  text: 'It holds at once, in the whole cluster. What runs goes on, also where more runs than may from now on.',
  verb: 'Set the limit',
  fields: [
    {
      kind: 'number',
      name: 'maxRunning',
      label: 'How many of its tasks run at once',
      value: String(maxRunning ?? 10),
      max: MOST_RUNNING,
      whole: true,
    },
  ],
});

/** Asks how many may run at once, and has it so. */
export const limitPool = async (name: string, maxRunning?: number): Promise<boolean> => {
  const asked = await confirm(limitQuestion(name, maxRunning));
  if (asked === undefined) return false;
  try {
    await api.setLimit('pool', name, asked);
    tell(`The pool ${name} is limited to ${String(asked['maxRunning'])}`);
    return true;
  } catch (error) {
    tellFailure('Not limited', error);
    return false;
  }
};

/** Asks until when, and lets nothing more of it start. */
export const pausePool = async (name: string): Promise<boolean> => {
  const asked = await confirm({
    title: `Pause the pool ${name}?`,
    text: 'What runs goes on; nothing else of it starts until it is resumed.',
    verb: 'Pause it',
    fields: [{ kind: 'moment', name: 'until', label: 'Until (optional: until it is resumed)', value: '' }],
  });
  if (asked === undefined) return false;
  try {
    await api.pauseGate({ scope: 'pool', name }, asked);
    tell(`Paused the pool ${name}`);
    return true;
  } catch (error) {
    tellFailure('Not paused', error);
    return false;
  }
};

/** What can be asked of a pool as it is. */
export const actionsFor = ({ name, limit, gate }: Pool): readonly Action[] => [
  gate === null ? { key: 'pause', verb: 'Pause', act: () => pausePool(name) } : { key: 'resume', verb: 'Resume', act: () => resumeGate(gate) },
  { key: 'limit', verb: limit === null ? 'Limit' : 'Change limit', act: () => limitPool(name, limit?.maxRunning ?? undefined) },
  ...(limit === null ? [] : [{ key: 'remove', verb: 'Remove limit', act: () => removeLimit(limit) } as const]),
];
