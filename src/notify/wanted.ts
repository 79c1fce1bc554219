/** Which ends of DAGs anybody wants to be told of: where nobody does, a commit has nothing more to write. */
import { isFinalDag } from '../core/dag';
import type { DagChange } from '../core/change';
import { NOTICE_EVENTS, type EndNotice, type NoticeEvent } from '../core/notices';
import { every, type Loop } from '../lifecycle/every';
import type { Clock } from '../ports/clock';
import type { SubscriptionStore } from '../ports/notices';
import type { RunStore } from '../ports/store';

export interface WantedNeeds {
  readonly store: Pick<SubscriptionStore, 'subscriptions'>;
  readonly clock: Pick<Clock, 'after'>;
  onError(error: unknown): void;
}

export interface Wanted {
  /** Reads the subscriptions every second, and when it is nudged. */
  readonly service: Loop;
  /** The store, whose commits note what is wanted of the ends that they write. */
  watched(store: RunStore): RunStore;
}

const READ_EVERY_MS = 1000;

const eventOf = ({ status, completedAt }: DagChange): NoticeEvent | undefined =>
  isFinalDag(status) && completedAt !== null ? (`DAG_${status}` as NoticeEvent) : undefined;

/** The ends among these changes that somebody wants to be told of. */
export const endsWanted = (dags: readonly DagChange[], wanted: ReadonlySet<NoticeEvent>): EndNotice[] => {
  const ends: EndNotice[] = [];
  for (const change of dags) {
    const event = eventOf(change);
    if (event === undefined || !wanted.has(event)) continue;
    const { dag, completedTasks, failedTasks, skippedTasks, cancelledTasks, startedAt, completedAt, reason } = change;
    const end = { completedTasks, failedTasks, skippedTasks, cancelledTasks, startedAt, completedAt, reason };
    ends.push({ dag, event, at: completedAt ?? 0, end });
  }
  return ends;
};

/** Makes it. Before the first reading everything is noted: what nobody wants is thrown away where deliveries are written. */
export const createWanted = ({ store, clock, onError }: WantedNeeds): Wanted => {
  let wanted: ReadonlySet<NoticeEvent> = new Set(NOTICE_EVENTS);
  const service = every({
    name: 'subscriptions',
    ms: READ_EVERY_MS,
    clock,
    onError,
    once: async () => {
      const enabled = (await store.subscriptions()).filter((subscription) => subscription.enabled);
      wanted = new Set(enabled.flatMap(({ events }) => events));
    },
  });
  return {
    service,
    watched: (inner) => ({
      ...inner,
      commit: (batch) => {
        if (wanted.size === 0 || batch.dags.length === 0) return inner.commit(batch);
        const notices = endsWanted(batch.dags, wanted);
        return inner.commit(notices.length === 0 ? batch : { ...batch, notices });
      },
    }),
  };
};
