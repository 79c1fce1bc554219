/** The autoscaler as JSON: how it is set, what it thinks, and what it has decided. */
import type { Judgement, LoadBoard, Scaling, ScalingHistory } from '../ports/scaling';
import { cut, limitOf, type Page } from './lists';
import { isoTime } from './present';
import { numberCursorOf, numberCursorText, onlyKnown, type Query } from './query';

/** As the settings have it. */
export interface AutoscalingShown {
  readonly enabled: boolean;
  readonly dryRun: boolean;
  readonly driver: string;
  readonly min: number;
  readonly max: number;
  readonly targetWaitSeconds: number;
  readonly coolDownSeconds: number;
}

export interface AutoscalingNeeds {
  readonly settings: AutoscalingShown;
  readonly board: Pick<LoadBoard, 'judgement'>;
  readonly history: Pick<ScalingHistory, 'scalings'>;
}

const rounded = (value: number): number => Number(value.toPrecision(4));

/** What the leader thought at its last look. */
export const judgementValue = ({ at, arrivalsPerSecond, endsPerSecond, serviceSeconds, ...rest }: Judgement): object => ({
  ...rest,
  at: isoTime(at),
  arrivalsPerSecond: rounded(arrivalsPerSecond),
  endsPerSecond: rounded(endsPerSecond),
  serviceSeconds: serviceSeconds === null ? null : rounded(serviceSeconds),
});

export const scalingValue = ({ id, at, ...rest }: Scaling): object => ({ scalingId: id, at: isoTime(at), ...rest });

/** GET /api/v1/autoscaling: the settings, the last look, and the decisions, newest first. */
export const showAutoscaling = async ({ settings, board, history }: AutoscalingNeeds, query: Query): Promise<Page> => {
  onlyKnown(query, ['limit', 'cursor']);
  const limit = limitOf(query);
  const { enabled, dryRun, driver, min, max, targetWaitSeconds, coolDownSeconds } = settings;
  // While Redis is away the decisions are shown all the same.
  const [rows, judgement] = await Promise.all([
    history.scalings(limit + 1, numberCursorOf(query)),
    enabled ? board.judgement().catch(() => undefined) : undefined,
  ]);
  const { page, nextCursor } = cut(rows, limit, ({ id }) => numberCursorText(id));
  const json = JSON.stringify({
    settings: { enabled, dryRun, driver, min, max, targetWaitSeconds, coolDownSeconds },
    current: judgement === undefined ? null : judgementValue(judgement),
    decisions: { items: page.map(scalingValue), nextCursor },
  });
  return { json, nextCursor, limit };
};
