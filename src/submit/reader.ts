/** From a body's bytes to a planned DAG, or to all that is wrong with it: plain values, so that they can come from another thread. */
import type { PlannedDag } from '../core/dag';
import { parseJson } from '../core/json';
import { refusal, type Problem, type Refusal, type RefusalCode } from '../core/refusal';
import { plan, type DagIdentity, type PlanSettings } from '../plan/plan';
import { createShapeCheck } from './shape';

export interface Refused {
  readonly kind: 'refused';
  readonly code: RefusalCode;
  readonly detail: string;
  readonly problems: readonly Problem[];
}

export type Reading = { readonly kind: 'planned'; readonly dag: PlannedDag } | Refused;

const refused = (code: RefusalCode, detail: string, problems: readonly Problem[] = []): Refused => ({ kind: 'refused', code, detail, problems });

/** The error that a client gets for it. */
export const refusalOf = ({ code, detail, problems }: Refused): Refusal => refusal(code, detail, { problems });

/** Makes a reader of bodies. It compiles its checks once: keep it. `identify` is asked only for what has the right shape. */
export const createReader = (settings: PlanSettings): ((body: Uint8Array, identify: () => DagIdentity) => Reading) => {
  const checkShape = createShapeCheck();
  return (body, identify) => {
    const parsed = parseJson(body);
    if (parsed.kind === 'broken') return refused('MALFORMED_JSON', parsed.detail);
    const shape = checkShape(parsed.value);
    if (shape.kind === 'wrong') return refused('WRONG_SHAPE', 'the body has fields that are wrong or missing', shape.problems);
    const planned = plan(shape.submitted, identify(), settings);
    if (planned.kind === 'planned') return planned;
    const { reason, problems } = planned;
    return refused(reason === 'wrong' ? 'INVALID_DAG' : 'DAG_TOO_LARGE', problems[0]?.message ?? '', problems);
  };
};
