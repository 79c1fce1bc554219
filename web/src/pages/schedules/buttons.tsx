/** What can be done with a schedule, each after it was asked for once more. */
import type { Schedule } from '../../../../src/sdk/responses';
import { api } from '../../api/client';
import { createKeyOf } from '../../api/keys';
import { isUnanswered, SEND_AGAIN } from '../../api/problem';
import { askFor, confirm, type Refused } from '../../parts/dialog';
import { tell, tellFailure } from '../../parts/toasts';

const toggle = async ({ scheduleId, name, state }: Schedule, again: () => void): Promise<void> => {
  const pause = state === 'ACTIVE';
  const asked = await confirm({
    title: `${pause ? 'Pause' : 'Resume'} ${name}?`,
    text: pause
      ? 'Its times pass until it is resumed. DAGs that it submitted go on.'
      : 'It goes on with its next time. What passed meanwhile is not caught up.',
    verb: pause ? 'Pause it' : 'Resume it',
  });
  if (asked === undefined) return;
  try {
    await api.commandSchedule(scheduleId, pause ? 'pause' : 'resume', asked);
    tell(`${name} is ${pause ? 'paused' : 'active'}`);
  } catch (error) {
    tellFailure(pause ? 'Not paused' : 'Not resumed', error);
  }
  again();
};

const trigger = async (schedule: Schedule, again: () => void, refused?: Refused, keyOf = createKeyOf()): Promise<void> => {
  const { scheduleId, name, dagName } = schedule;
  const question = {
    title: `Fire ${name} now?`,
    text: `It submits ${dagName} at once, whatever its times say and whether or not another one is live.`,
    verb: 'Fire it',
  };
  const answered = await askFor(question, refused);
  if (answered === undefined) return;
  try {
    const { state, reason } = await api.triggerSchedule(scheduleId, answered.asked, keyOf(JSON.stringify(answered.asked)));
    if (state === 'REFUSED') tellFailure('Not submitted', new Error(reason ?? 'The submission was refused.'));
    else tell(state === 'DUE' ? `${dagName} is submitted as soon as that is possible` : `${dagName} was submitted`);
  } catch (error) {
    if (isUnanswered(error)) return trigger(schedule, again, { answered, why: SEND_AGAIN }, keyOf);
    tellFailure('Not fired', error);
  }
  again();
};

const remove = async ({ scheduleId, name }: Schedule, again: () => void): Promise<void> => {
  const asked = await confirm({
    title: `Remove ${name}?`,
    text: 'It fires no more, and what is known of its times is gone. DAGs that it submitted stay.',
    verb: 'Remove it',
    danger: true,
    plain: true,
  });
  if (asked === undefined) return;
  try {
    await api.removeSchedule(scheduleId);
    tell(`${name} is removed`);
  } catch (error) {
    tellFailure('Not removed', error);
  }
  again();
};

interface ButtonsProps {
  readonly schedule: Schedule;
  readonly again: () => void;
  /** After it was removed; `again` without it. */
  readonly removed?: () => void;
}

export const ScheduleButtons = ({ schedule, again, removed = again }: ButtonsProps) => {
  const button = (verb: string, act: () => Promise<void>) => (
    <button
      type="button"
      class="button button-small"
      aria-label={`${verb} ${schedule.name}`}
      onClick={() => {
        void act();
      }}
    >
      {verb}
    </button>
  );
  return (
    <div class="row">
      {button(schedule.state === 'ACTIVE' ? 'Pause' : 'Resume', () => toggle(schedule, again))}
      {button('Fire', () => trigger(schedule, again))}
      {button('Remove', () => remove(schedule, removed))}
    </div>
  );
};
