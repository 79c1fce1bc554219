/** How spans of tasks are described, wherever they arise: by OpenTelemetry's conventions, and beside them under `dts`. */
import { taskIdOf, type DagId } from './ids';

type Attributes = Readonly<Record<string, string | number>>;

export interface SpokenOf {
  readonly dag: DagId;
  readonly task: number;
  readonly name: string;
  readonly type: string;
  readonly attempt?: number;
  readonly dispatch: number;
}

export const taskAttributes = ({ dag, task, name, type, attempt, dispatch }: SpokenOf): Attributes => ({
  'dts.dag.id': dag,
  'dts.task.id': taskIdOf(dag, task),
  'dts.task.name': name,
  'dts.task.type': type,
  ...(attempt === undefined ? {} : { 'dts.task.attempt': attempt }),
  'dts.task.dispatch': dispatch,
});

/** A message that was sent to `destination`, or what became of it. */
export const messagingAttributes = (
  system: string,
  destination: string,
  operation: { readonly type: 'send' | 'process'; readonly name: string },
): Attributes => ({
  'messaging.system': system,
  'messaging.destination.name': destination,
  'messaging.operation.type': operation.type,
  'messaging.operation.name': operation.name,
});
