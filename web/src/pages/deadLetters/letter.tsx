/** One dead letter: what was tried, what it was given, and what to do about it. */
import { useState } from 'preact/hooks';
import type { Attempt, DeadLetterDetail } from '../../../../src/sdk/responses';
import { api } from '../../api/client';
import { useFetched } from '../../live/hooks';
import { StatusBadge } from '../../parts/badge';
import { confirm, Dialog } from '../../parts/dialog';
import { kindText } from '../../parts/failureKinds';
import { JsonField } from '../../parts/fields';
import { jsonProblem, jsonText } from '../../parts/jsonText';
import { Shown } from '../../parts/notices';
import { When } from '../../parts/times';
import { tell, tellFailure } from '../../parts/toasts';
import { dagPath, taskPath } from '../../routing/paths';
import { Link } from '../../routing/router';

const Facts = ({ letter }: { readonly letter: DeadLetterDetail }) => (
  <dl class="pairs">
    <dt>State</dt>
    <dd class="row">
      <StatusBadge status={letter.state} />
      {letter.settledAt !== null && (
        <span class="soft">
          <When at={letter.settledAt} /> {letter.settledBy !== null && `by ${letter.settledBy}`}
        </span>
      )}
    </dd>
    <dt>Failed</dt>
    <dd>
      <When at={letter.failedAt} /> <span class="soft">({kindText(letter.kind)})</span>
    </dd>
    {letter.dagId !== null && (
      <>
        <dt>DAG</dt>
        <dd>
          <Link to={dagPath(letter.dagId)}>{letter.dagName}</Link>
        </dd>
      </>
    )}
    {letter.taskId !== null && (
      <>
        <dt>Task</dt>
        <dd class="row">
          <Link to={taskPath(letter.taskId)}>{letter.taskName}</Link>
          <span class="soft">{letter.type}</span>
          {letter.task !== null && <StatusBadge status={letter.task.status} />}
        </dd>
      </>
    )}
    {letter.record !== null && (
      <>
        <dt>Record</dt>
        <dd>
          {letter.record.place}, offset {letter.record.offset}
          <pre class="code-block" tabIndex={0} role="region" aria-label="The record as it came">
            {letter.record.raw}
          </pre>
        </dd>
      </>
    )}
  </dl>
);

const OneAttempt = ({ attempt: { attempt, workerId, endedAt, error } }: { readonly attempt: Attempt }) => (
  <li>
    <details>
      <summary>
        Attempt {attempt} at <When at={endedAt} />
        {workerId !== null && ` on ${workerId}`}: {error.message}
      </summary>
      <pre class="code-block" tabIndex={0} role="region" aria-label={`The error of attempt ${attempt}`}>
        {error.stack ?? [error.name, error.code, error.message].filter((part) => part !== undefined).join('\n')}
      </pre>
    </details>
  </li>
);

interface OpenProps {
  readonly letter: DeadLetterDetail;
  readonly done: () => void;
}

const replay = async (letter: DeadLetterDetail, payload: string | undefined): Promise<boolean> => {
  const asked = await confirm({
    title: `Replay ${letter.taskName ?? 'it'}?`,
    text: `The task runs again${payload === undefined ? '' : ' with the payload that you wrote'}, and what was skipped because of it follows.`,
    verb: 'Replay it',
  });
  if (asked === undefined) return false;
  try {
    await api.commandLetter(letter.letterId, 'replay', { ...asked, ...(payload === undefined ? {} : { payload: JSON.parse(payload) as unknown }) });
    tell(`${letter.taskName ?? 'The task'} runs again`);
    return true;
  } catch (error) {
    tellFailure('Not replayed', error);
    return false;
  }
};

const discard = async (letter: DeadLetterDetail): Promise<boolean> => {
  const asked = await confirm({
    title: 'Discard this dead letter?',
    text: 'It is closed without running the task again. Its attempts can still be read.',
    verb: 'Discard it',
    danger: true,
  });
  if (asked === undefined) return false;
  try {
    await api.commandLetter(letter.letterId, 'discard', asked);
    tell('Discarded');
    return true;
  } catch (error) {
    tellFailure('Not discarded', error);
    return false;
  }
};

const Actions = ({ letter, done }: OpenProps) => {
  const original = jsonText(letter.task?.payload);
  const [payload, setPayload] = useState(original);
  const problem = jsonProblem(payload);
  const afterwards = (was: boolean): void => {
    if (was) done();
  };
  return (
    <>
      {letter.task !== null && (
        <JsonField
          label="Payload of the replay, as JSON"
          value={payload}
          change={setPayload}
          problem={problem}
          hint={payload === original ? 'As it was submitted.' : 'Changed: the task gets this one.'}
        />
      )}
      <div class="dialog-buttons">
        <button type="button" class="button" onClick={() => void discard(letter).then(afterwards)}>
          Discard
        </button>
        {letter.task !== null && (
          <button
            type="button"
            class="button button-main"
            disabled={problem !== undefined}
            onClick={() => void replay(letter, payload === original ? undefined : payload).then(afterwards)}
          >
            Replay
          </button>
        )}
      </div>
    </>
  );
};

interface LetterProps {
  readonly letterId: string;
  readonly close: () => void;
  readonly changed: () => void;
}

export const Letter = ({ letterId, close, changed }: LetterProps) => {
  const fetched = useFetched(letterId, (signal) => api.letter(letterId, signal));
  return (
    <Dialog title="Dead letter" close={close} large>
      <Shown fetched={fetched} what="the dead letter">
        {(letter) => (
          <>
            <Facts letter={letter} />
            {letter.error !== null && (
              <section>
                <h3>Error</h3>
                <pre class="code-block" tabIndex={0} role="region" aria-label="The error">
                  {letter.error.stack ?? letter.error.message}
                </pre>
              </section>
            )}
            {letter.attempts.length > 0 && (
              <section>
                <h3>Attempts that failed</h3>
                <ul class="stack">
                  {letter.attempts.map((attempt) => (
                    <OneAttempt key={attempt.dispatch} attempt={attempt} />
                  ))}
                </ul>
              </section>
            )}
            {letter.state === 'OPEN' && (
              <Actions
                key={letter.letterId}
                letter={letter}
                done={() => {
                  changed();
                  close();
                }}
              />
            )}
          </>
        )}
      </Shown>
    </Dialog>
  );
};
