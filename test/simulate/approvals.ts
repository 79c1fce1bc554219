/** Tasks that a person approves: when the user does, and what the history must show of it. */
import type { DagRecord } from '../../src/core/change';
import type { Command } from '../../src/core/command';
import type { PlannedTask } from '../../src/core/dag';
import type { DagId } from '../../src/core/ids';
import type { Entry } from './history';
import type { Random } from './random';

const isAsked = ({ status, reason }: DagRecord['tasks'][number]): boolean => status === 'PENDING' && reason?.approval === 'AWAITED';

/** Approves what waits for that, all at once. */
export const approvalOf = ({ tasks }: DagRecord): Command | undefined => {
  const asked = tasks.filter(isAsked).map(({ task }) => task);
  return asked.length === 0 ? undefined : { kind: 'approve', tasks: asked };
};

/** One task that requires an approval, mostly of those that wait for nothing else. */
export const oneApproval = (random: Random, records: readonly DagRecord[]): { readonly dag: DagId; readonly command: Command } | undefined => {
  const early = random.chance(0.15);
  const found = records.flatMap(({ dag, tasks }) =>
    tasks
      .filter((each) => (early ? each.options?.requiresApproval === true : isAsked(each)))
      .map(({ task }) => ({ dag, command: { kind: 'approve', tasks: [task] } as const })),
  );
  return found.length === 0 ? undefined : random.pick(found);
};

const keyOf = (dag: DagId, task: number): string => `${dag}/${String(task)}`;

interface Known {
  readonly specs: Map<string, Pick<PlannedTask, 'options'>>;
  /** Ids of the commands in the logs that approve a task. */
  readonly approvals: Map<string, Set<string>>;
}

const learn = ({ specs, approvals }: Known, entry: Entry): void => {
  if (entry.kind === 'stored') entry.dag.tasks.forEach((spec, task) => specs.set(keyOf(entry.dag.dagId, task), spec));
  if (entry.kind === 'committed')
    for (const { dag, firstAdded, edit } of entry.batch.edits) {
      edit.added.forEach((spec, i) => specs.set(keyOf(dag, firstAdded + i), spec));
      for (const { task, as } of edit.replaced) specs.set(keyOf(dag, task), as);
    }
  if (entry.kind !== 'appended') return;
  for (const event of entry.events)
    if (event.type === 'commanded' && event.command.kind === 'approve')
      for (const task of event.command.tasks) {
        const key = keyOf(event.dag, task);
        approvals.set(key, (approvals.get(key) ?? new Set()).add(event.id));
      }
};

const refusedIn = (entries: readonly Entry[]): ReadonlySet<string> => {
  const refused = new Set<string>();
  for (const entry of entries)
    if (entry.kind === 'committed') for (const { id, outcome } of entry.batch.commands) if (outcome === 'REFUSED') refused.add(id);
  // With a topic its log may go by which it was applied, and sent, before it was refused in another order.
  const isRemade = entries.some((entry) => entry.kind === 'fault' && entry.fault === 'topics are made again');
  return isRemade ? new Set() : refused;
};

/** What requires an approval begins only once a log has one that isn't refused. */
export const onlyApproved = (entries: readonly Entry[], report: (rule: 'order', at: number, what: string) => void): void => {
  const refused = refusedIn(entries);
  const known: Known = { specs: new Map(), approvals: new Map() };
  for (const entry of entries) {
    learn(known, entry);
    if (entry.kind !== 'began') continue;
    const key = keyOf(entry.dag, entry.task);
    if (known.specs.get(key)?.options?.requiresApproval !== true) continue;
    const approved = [...(known.approvals.get(key) ?? [])].some((id) => !refused.has(id));
    if (!approved) report('order', entry.at, `task ${key} began in ${entry.process} though nobody had approved it`);
  }
};
