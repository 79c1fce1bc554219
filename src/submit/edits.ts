/** Changes of DAGs that exist: tasks are read and planned as those of a submission are. */
import type { DagRecord } from '../core/change';
import type { GraphEdit } from '../core/command';
import type { TaskDefaults } from '../core/dag';
import { refusal, type Problem } from '../core/refusal';
import { planEdit } from '../plan/edit';
import { payloadText, utf8Bytes } from '../plan/payload';
import { PROBLEMS_SHOWN } from '../plan/problems';
import type { SubmittedTask } from '../plan/submitted';
import { planSettings, type PlanningNeeds } from './planning';
import { createTaskCheck } from './shape';

/** Null and undefined both mean "nothing". Tasks are meant by their names. */
export interface Edit {
  readonly add?: readonly unknown[] | null | undefined;
  readonly replace?: readonly unknown[] | null | undefined;
  readonly remove?: readonly string[] | null | undefined;
}

/** A DAG as it is now, and what it said for all of its tasks. */
export interface Edited {
  readonly dag: DagRecord;
  readonly defaults: TaskDefaults | undefined;
}

/** Gives a function that plans a change of the DAG that it is handed; throws refusals with all that is wrong. */
export const createEditPlanner = (needs: PlanningNeeds): ((edited: Edited, edit: Edit) => GraphEdit) => {
  const check = createTaskCheck();
  const settings = planSettings(needs);
  const wrongOf = (name: string, tasks: readonly unknown[]): Problem[] =>
    tasks.flatMap((task, i) => (check.isRight(task) ? [] : check.explain(task, `${name}[${i}]`)));
  return (edited, { add, replace, remove }) => {
    const [added, replacing] = [add ?? [], replace ?? []];
    const wrong = [...wrongOf('add', added), ...wrongOf('replace', replacing)].slice(0, PROBLEMS_SHOWN);
    if (wrong.length > 0) throw refusal('WRONG_SHAPE', 'the body has fields that are wrong or missing', { problems: wrong });
    const submitted = { add: added as readonly SubmittedTask[], replace: replacing as readonly SubmittedTask[], remove: remove ?? [] };
    const planned = planEdit(edited, submitted, settings);
    if (planned.kind === 'planned') return planned.edit;
    const { reason, problems } = planned;
    throw refusal(reason === 'wrong' ? 'INVALID_EDIT' : 'DAG_TOO_LARGE', problems[0]?.message ?? '', { problems });
  };
};

/** Gives a function that writes payloads and results that come with commands as JSON text, null for none; throws a refusal that names `path`. */
export const createJsonText =
  ({ limits }: Pick<PlanningNeeds, 'limits'>): ((value: unknown, path: string) => string | null) =>
  (value, path) => {
    const text = payloadText(value);
    if (text === undefined) throw refusal('WRONG_SHAPE', 'it is nested too deeply', { problems: [{ path, message: 'is nested too deeply' }] });
    const bytes = text === null ? 0 : utf8Bytes(text);
    if (bytes <= limits.payloadBytes) return text;
    const message = `its ${bytes} bytes are more than the limit of ${limits.payloadBytes}`;
    throw refusal('DAG_TOO_LARGE', message, { problems: [{ path, message }] });
  };
