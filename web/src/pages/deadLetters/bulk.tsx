/** What is done to all open dead letters that fit the filters. */
import { api } from '../../api/client';
import type { AskedField } from '../../parts/asked';
import { confirm } from '../../parts/dialog';
import { plural } from '../../parts/format';
import { tell, tellFailure } from '../../parts/toasts';
import { bulkFilterOf, filterWords, type LetterFilters } from './filters';

const FIELDS: readonly AskedField[] = [
  { kind: 'number', name: 'ratePerSecond', label: 'How many start in a second (up to 10,000)', value: '50', max: 10_000 },
  {
    kind: 'json',
    name: 'payload',
    label: 'One payload for all of them, as JSON (optional)',
    value: '',
    hint: 'Without one each task gets its own again.',
  },
];

const more = (some: boolean): string => (some ? 'There are more than one request takes: ask once more.' : '');

const replayAll = async (filters: LetterFilters): Promise<boolean> => {
  const asked = await confirm({ title: 'Replay all that fit?', text: `Replays ${filterWords(filters)}.`, verb: 'Replay them', fields: FIELDS });
  if (asked === undefined) return false;
  try {
    const answer = await api.replayLetters({ ...asked, filter: bulkFilterOf(filters) });
    tell(`${plural(answer.letters, 'task')} will run again`, more(answer.more));
    return true;
  } catch (error) {
    tellFailure('Not replayed', error);
    return false;
  }
};

const discardAll = async (filters: LetterFilters): Promise<boolean> => {
  const asked = await confirm({
    title: 'Discard all that fit?',
    text: `Discards ${filterWords(filters)}. Their tasks don’t run again.`,
    verb: 'Discard them',
    danger: true,
  });
  if (asked === undefined) return false;
  try {
    const answer = await api.discardLetters({ ...asked, filter: bulkFilterOf(filters) });
    tell(`${plural(answer.letters, 'dead letter')} discarded`, more(answer.more));
    return true;
  } catch (error) {
    tellFailure('Not discarded', error);
    return false;
  }
};

interface BulkProps {
  readonly filters: LetterFilters;
  readonly changed: () => void;
}

export const BulkButtons = ({ filters, changed }: BulkProps) => {
  const act = (send: (filters: LetterFilters) => Promise<boolean>) => (): void => {
    void send(filters).then((sent) => {
      if (sent) changed();
    });
  };
  return (
    <>
      <button type="button" class="button" onClick={act(replayAll)}>
        Replay all that fit …
      </button>
      <button type="button" class="button" onClick={act(discardAll)}>
        Discard all that fit …
      </button>
    </>
  );
};
