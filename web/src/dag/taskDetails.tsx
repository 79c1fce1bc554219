/** All that is known of one task, as its page and the panel beside the graph show it. */
import { createContext, type ComponentChildren } from 'preact';
import { useContext } from 'preact/hooks';
import { now } from '../live/now';
import { addressOf } from '../routing/address';
import { Link } from '../routing/router';
import { kindText } from '../parts/failureKinds';
import { durationText, percentText } from '../parts/format';
import { Duration, When } from '../parts/times';
import { ActionButtons } from './actionButtons';
import { taskActions, withheldFromTask } from './actions';
import { ExplanationCard } from './explanation';
import { Logs } from './logs';
import { spentUntil } from './segments';
import { isFinalTask, timeOf, type Attempt, type Dag, type Task, type TaskDetail, type TaskError } from './model';

/** Of the parts: whether they stand under the page's own heading, or under the panel's. */
const Level = createContext<'h2' | 'h3'>('h3');

const PartTitle = ({ children }: { readonly children: ComponentChildren }) => {
  const Heading = useContext(Level);
  return <Heading class="part-title">{children}</Heading>;
};

const Part = ({ title, children }: { readonly title: string; readonly children: ComponentChildren }) => (
  <section class="part">
    <PartTitle>{title}</PartTitle>
    {children}
  </section>
);

const textOf = (value: unknown): string => JSON.stringify(value, null, 2);
/** More than this is no longer read, but it can be copied from the API. */
const LONGEST = 20_000;

const Value = ({ value, label }: { readonly value: unknown; readonly label: string }) => {
  const text = textOf(value);
  return (
    <pre class="value" tabIndex={0} role="region" aria-label={label}>
      {text.length > LONGEST ? `${text.slice(0, LONGEST)}\n… ${text.length - LONGEST} more characters` : text}
    </pre>
  );
};

const ErrorPart = ({ error }: { readonly error: TaskError }) => (
  <div class="error">
    <p>
      {error.name !== undefined && error.name !== 'Error' && <b>{error.name} </b>}
      {error.code !== undefined && <code>{error.code}</code>} <span class="tag">{kindText(error.kind)}</span>
    </p>
    <p class="error-message">{error.message}</p>
    {error.stack !== undefined && (
      <details>
        <summary>Stack</summary>
        <pre class="value" tabIndex={0} role="region" aria-label="Stack">
          {error.stack}
        </pre>
      </details>
    )}
    {error.evidence !== undefined && <Value value={error.evidence} label="Evidence" />}
  </div>
);

const STAGES = [
  ['blockedMs', 'blocked', 'Blocked'],
  ['queuedMs', 'queued', 'Queued'],
  ['dispatchedMs', 'dispatched', 'Sent'],
  ['runningMs', 'running', 'Running'],
  ['retryWaitMs', 'retryWait', 'Waiting for retries'],
] as const;

/** Where its time went, over all attempts. */
const TimePart = ({ task }: { readonly task: TaskDetail }) => {
  const spent = isFinalTask(task.status) ? task.timing : spentUntil(task, task.attempts, now.value);
  const whole = STAGES.reduce((sum, [key]) => sum + spent[key], 0);
  return (
    <dl class="stages">
      {STAGES.map(([key, stage, word]) => (
        <div key={key} class="stage">
          <dt>{word}</dt>
          <dd>
            <span class="stage-track" aria-hidden="true">
              <span class={`stage-fill stage-${stage}`} style={{ width: `${whole === 0 ? 0 : (spent[key] / whole) * 100}%` }} />
            </span>
            <Duration ms={spent[key]} />
          </dd>
        </div>
      ))}
    </dl>
  );
};

const AttemptLine = ({ attempt }: { readonly attempt: Attempt }) => (
  <li class="attempt">
    <p class="row">
      <b>Attempt {attempt.attempt}</b>
      <span class="soft small">
        <When at={attempt.startedAt ?? attempt.endedAt} />
        {attempt.workerId !== null && ` on ${attempt.workerId}`}
        {attempt.startedAt !== null && `, ${durationText(timeOf(attempt.endedAt) - timeOf(attempt.startedAt))}`}
      </span>
    </p>
    <ErrorPart error={attempt.error} />
  </li>
);

const Fact = ({ title, children }: { readonly title: string; readonly children: ComponentChildren }) => (
  <div class="fact">
    <dt>{title}</dt>
    <dd>{children}</dd>
  </div>
);

const optionText = ([name, value]: readonly [string, unknown]): string => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`;

const WorkerLink = ({ workerId }: { readonly workerId: string | null }) =>
  workerId === null ? <span class="faint">–</span> : <Link to={addressOf('/workers', { worker: workerId })}>{workerId}</Link>;

const Facts = ({ task }: { readonly task: Task }) => (
  <dl class="facts">
    <Fact title="Type">{task.type}</Fact>
    <Fact title="Worker">
      <WorkerLink workerId={task.workerId} />
    </Fact>
    <Fact title="Attempts">
      {task.attempt} of {task.maxRetries + 1}
    </Fact>
    <Fact title="Priority">{task.priority}</Fact>
    <Fact title="Started">
      <When at={task.startedAt} />
    </Fact>
    <Fact title="Ended">
      <When at={task.completedAt} />
    </Fact>
    {task.retryAt !== null && (
      <Fact title="Next attempt">
        <When at={task.retryAt} />
      </Fact>
    )}
    {typeof task.timeoutSeconds === 'number' && <Fact title="Timeout">{task.timeoutSeconds} s</Fact>}
    {task.tags.length > 0 && <Fact title="Tags">{task.tags.join(', ')}</Fact>}
    {Object.keys(task.options).length > 0 && <Fact title="Options">{Object.entries(task.options).map(optionText).join(', ')}</Fact>}
  </dl>
);

/** What its handler told last; of one that is over, how far it had come. */
const Progress = ({ share, isOver }: { readonly share: number; readonly isOver: boolean }) => (
  <Part title={isOver ? 'Progress that it last told' : 'Progress'}>
    <div class="row progress-row">
      <progress value={share} max={1} aria-label="Progress of the task" />
      <span class="figure">{percentText(Math.round(share * 100))}</span>
    </div>
  </Part>
);

/** What the next attempt begins with. */
const Checkpoint = ({ value }: { readonly value: unknown }) => (
  <Part title="Checkpoint">
    <p class="soft small">Kept by its handler: the next attempt goes on from here.</p>
    <Value value={value} label="Checkpoint" />
  </Part>
);

/** Where its dead letter lies, if it gave up. */
const LetterLink = ({ task, dag }: { readonly task: Task; readonly dag: Dag | undefined }) =>
  task.status === 'FAILED' && dag !== undefined ? (
    <p class="small">
      <Link to={addressOf('/dead-letters', { state: 'ALL', dagName: dag.dagName, taskName: task.taskName })}>Its dead letters</Link>
    </p>
  ) : null;

const isGiven = (value: unknown): boolean => value !== null && value !== undefined;

interface TaskDetailsProps {
  readonly task: TaskDetail;
  readonly dag: Dag | undefined;
  /** Called once something was done. */
  readonly done: () => void;
  readonly headings: 'h2' | 'h3';
}

export const TaskDetails = ({ task, dag, done, headings }: TaskDetailsProps) => (
  <Level.Provider value={headings}>
    <div class="details">
      <ActionButtons actions={taskActions(task)} withheld={withheldFromTask(task)} done={done} small />
      <ExplanationCard task={task} dag={dag} done={done} />
      {task.progress !== null && task.status !== 'COMPLETED' && <Progress share={task.progress} isOver={isFinalTask(task.status)} />}
      {task.error !== null && (
        <Part title="Error">
          <ErrorPart error={task.error} />
          <LetterLink task={task} dag={dag} />
        </Part>
      )}
      <Logs task={task} title={<PartTitle>Log</PartTitle>} />
      {isGiven(task.checkpoint) && <Checkpoint value={task.checkpoint} />}
      <Part title="Facts">
        <Facts task={task} />
      </Part>
      <Part title="Where its time went">
        <TimePart task={task} />
      </Part>
      {isGiven(task.result) && (
        <Part title="Result">
          <Value value={task.result} label="Result" />
        </Part>
      )}
      {isGiven(task.payload) && (
        <Part title="Payload">
          <Value value={task.payload} label="Payload" />
        </Part>
      )}
      {task.attempts.length > 0 && (
        <Part title="Failed attempts">
          <ol class="attempts">
            {[...task.attempts].reverse().map((attempt) => (
              <AttemptLine key={`${attempt.dispatch} ${attempt.endedAt}`} attempt={attempt} />
            ))}
          </ol>
        </Part>
      )}
    </div>
  </Level.Provider>
);
