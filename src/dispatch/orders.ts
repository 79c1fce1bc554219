/** What is written to a worker's inbox: dispatches, and word of those that were taken away or whose checkpoint is durable. */
import { copyOf } from '../core/copies';
import type { Dispatch, Dispatched } from '../core/event';
import { groupBy } from '../core/groupBy';
import type { TaskLimits } from '../core/limits';
import type { ReadyTask } from '../core/readyQueue';
import type { Seat } from '../core/routing';
import type { Run } from '../core/run';
import type { Clock } from '../ports/clock';
import type { WorkOrder } from '../ports/transport';
import { dispatchOf, inputsKey, type InputsRead } from './inputs';
import type { DispatchSpan } from './spans';

export interface OrdersNeeds {
  readonly clock: Pick<Clock, 'now'>;
  /** Base URL at which workers find this scheduler. */
  readonly origin: () => string;
  readonly epochOf: (shard: number) => number | undefined;
}

export interface Acknowledgement {
  readonly session: string;
  readonly shard: number;
  readonly dispatch: Dispatched;
  readonly sequence: number;
}

type Inboxes = Map<number, WorkOrder[]>;

interface Sendable {
  readonly ready: ReadyTask;
  readonly seat: Seat;
  readonly priority: number;
  readonly limits: TaskLimits | undefined;
}

/** What a session is told to end. */
export interface Revoked {
  readonly run: Pick<Run, 'dag' | 'shard'>;
  readonly task: number;
  readonly dispatch: number;
}

type Spanned = Pick<DispatchSpan, 'context'>;

export interface Orders {
  /** `spans` are those that send them. */
  dispatches(bound: readonly Sendable[], inputs: InputsRead, spans?: ReadonlyMap<ReadyTask, Spanned>): Inboxes;
  /** The second copy of a task that is under way. */
  copy(seat: Seat, copied: Pick<ReadyTask, 'run' | 'task' | 'dispatch'>, inputs: InputsRead, span?: Spanned): Inboxes;
  revocations(seat: Seat, revoked: readonly Revoked[]): Inboxes;
  /** What goes to a session that isn't known here is left out. */
  acknowledgements(checkpoints: readonly Acknowledgement[], seatOf: (session: string) => Seat | undefined): Inboxes;
}

const under = (dispatch: Dispatch, span: Spanned | undefined): Dispatch => (span === undefined ? dispatch : { ...dispatch, trace: span.context });

export const createOrders = ({ clock, origin, epochOf }: OrdersNeeds): Orders => {
  const order = (session: string, shard: number, content: Partial<WorkOrder>): WorkOrder => ({
    ...{ session, shard, epoch: epochOf(shard) ?? 0, sentAt: clock.now(), origin: origin() },
    ...{ dispatches: [], revoked: [], acknowledged: [], ...content },
  });
  const dispatch = ({ ready: { run, task }, priority, limits }: Sendable, inputs: InputsRead): Dispatch => {
    const made = { ...dispatchOf(run, task, inputs.get(inputsKey(run, task))), priority };
    return limits === undefined || limits.slots.length === 0 ? made : { ...made, slots: limits.slots };
  };
  return {
    dispatches: (bound, inputs, spans) => {
      const orders: Inboxes = new Map();
      for (const [seat, ofSeat] of groupBy(bound, (each) => each.seat)) {
        const shards = [...groupBy(ofSeat, ({ ready }) => ready.run.shard)];
        orders.set(
          seat.inbox,
          shards.map(([shard, tasks]) =>
            order(seat.session, shard, {
              dispatches: tasks.map((each) => under(dispatch(each, inputs), spans?.get(each.ready))),
            }),
          ),
        );
      }
      return orders;
    },
    copy: ({ session, inbox }, { run, task, dispatch: number }, inputs, span) => {
      const made = dispatchOf(run, task, inputs.get(inputsKey(run, task)));
      const copy = { ...made, dispatch: number, task: copyOf(task), copyOf: task };
      return new Map([[inbox, [order(session, run.shard, { dispatches: [under(copy, span)] })]]]);
    },
    revocations: ({ session, inbox }, revoked) => {
      const shards = [...groupBy(revoked, ({ run }) => run.shard)];
      const of = ([shard, tasks]: (typeof shards)[number]): WorkOrder =>
        order(session, shard, { revoked: tasks.map(({ run, task, dispatch }) => ({ dag: run.dag, task, dispatch })) });
      return new Map([[inbox, shards.map(of)]]);
    },
    acknowledgements: (checkpoints, seatOf) => {
      const orders: Inboxes = new Map();
      for (const { session, shard, dispatch, sequence } of checkpoints) {
        const seat = seatOf(session);
        if (seat === undefined) continue;
        orders.set(seat.inbox, [...(orders.get(seat.inbox) ?? []), order(session, shard, { acknowledged: [{ dispatch, sequence }] })]);
      }
      return orders;
    },
  };
};
