/** Why a task isn't running, and what frees it. */
import { api } from '../api/client';
import { useFetched } from '../live/hooks';
import { StatusShape } from '../parts/badge';
import { Shown } from '../parts/notices';
import { resumeGate } from '../pages/limits/resume';
import { lookOf } from '../parts/status';
import { When } from '../parts/times';
import { taskPath } from '../routing/paths';
import { Link } from '../routing/router';
import { carryOut, dagActions, taskActions } from './actions';
import { isFinalTask, type Dag, type Task } from './model';
import { gateIn, piecesOf, placeOfRemedy, remedyOf, remedyOfEnd, sentence, waitedFor, withoutCommand, type Remedy } from './remedies';

interface FreeingProps {
  readonly remedy: Remedy;
  /** Of the condition that it is about. */
  readonly details: unknown;
  readonly task: Task;
  readonly dag: Dag | undefined;
  readonly done: () => void;
}

/** What a button of this remedy does; undefined where it can't be done now. */
const effectOf = ({ remedy, details, task, dag }: FreeingProps): (() => Promise<boolean>) | undefined => {
  if (remedy.kind === 'gate') {
    const gate = gateIn(details);
    return gate && (() => resumeGate(gate));
  }
  if (remedy.kind !== 'task' && remedy.kind !== 'dag') return undefined;
  const actions = remedy.kind === 'task' ? taskActions(task) : dag === undefined ? [] : dagActions(dag);
  const action = actions.find(({ key }) => key === remedy.action);
  return action && (() => carryOut(action));
};

const Freeing = (props: FreeingProps) => {
  const { remedy, details, done } = props;
  if (remedy.kind === 'wait') return <p class="soft small">{remedy.words}</p>;
  if (remedy.kind === 'page')
    return (
      <p class="small">
        <Link to={placeOfRemedy(remedy.to, details)}>{remedy.words}</Link>
      </p>
    );
  const effect = effectOf(props);
  if (effect === undefined) return null;
  return (
    <button
      type="button"
      class="button button-small button-main"
      onClick={() => {
        void effect().then((was) => {
          if (was) done();
        });
      }}
    >
      {remedy.words}
    </button>
  );
};

/** A sentence of the API, with its times in the reader's zone. */
const Sentence = ({ text }: { readonly text: string }) => (
  <p>{piecesOf(sentence(withoutCommand(text))).map((piece, i) => (i % 2 === 1 ? <When key={i} at={piece} /> : piece))}</p>
);

const EVERY_MS = 3_000;

interface ExplanationProps extends Omit<FreeingProps, 'remedy' | 'details'> {
  readonly className?: string;
}

/** Nothing that it waits for: it runs, or is over. */
const Ended = ({ summary, ...props }: Omit<ExplanationProps, 'className'> & { readonly summary: string }) => {
  const remedy = remedyOfEnd(props.task.status);
  return (
    <>
      <Sentence text={summary} />
      {remedy !== undefined && <Freeing {...props} remedy={remedy} details={undefined} />}
    </>
  );
};

/** Asked again as the task changes, and now and then while it waits: a place in a queue moves without a word. */
export const ExplanationCard = ({ task, dag, done }: ExplanationProps) => {
  const isMoving = !isFinalTask(task.status) && task.status !== 'RUNNING';
  const fetched = useFetched(
    `${task.taskId} ${task.status} ${task.attempt} ${task.reason?.at ?? ''} ${dag?.status ?? ''}`,
    (signal) => api.explain(task.taskId, signal),
    isMoving ? EVERY_MS : undefined,
  );
  return (
    <section class="explanation" aria-label="Why it is in this state" data-explained={fetched.data?.status}>
      <Shown fetched={fetched} what="the reason">
        {({ summary, conditions }) =>
          conditions.length === 0 ? (
            <Ended summary={summary} task={task} dag={dag} done={done} />
          ) : (
            <ul class="conditions">
              {conditions.map((condition) => {
                const remedy = remedyOf(condition.code);
                const waited = waitedFor(condition.details);
                return (
                  <li key={condition.code} class="condition" data-code={condition.code}>
                    <Sentence text={condition.sentence} />
                    {remedy !== undefined && <Freeing remedy={remedy} details={condition.details} task={task} dag={dag} done={done} />}
                    {waited.length > 0 && (
                      <ul class="row">
                        {waited.slice(0, 8).map(({ taskId, taskName, status }) => (
                          <li key={taskId} class={`waited tone-${lookOf(status).tone}`}>
                            <StatusShape look={lookOf(status)} size={12} /> <Link to={taskPath(taskId)}>{taskName}</Link>
                          </li>
                        ))}
                      </ul>
                    )}
                  </li>
                );
              })}
            </ul>
          )
        }
      </Shown>
    </section>
  );
};
