/** Makes a schedule: its times are seen as they are written, its DAG is checked as in the form of submissions. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { SchedulePreview } from '../../../../src/sdk/responses';
import { api } from '../../api/client';
import { RequestFailed } from '../../api/problem';
import { CodeEditor, type EditorHandle } from '../../editor/codeEditor';
import { Page } from '../../layout/layout';
import { useRetry } from '../../live/hooks';
import { StatusShape } from '../../parts/badge';
import { ChoiceField, TextField } from '../../parts/fields';
import { plural } from '../../parts/format';
import { lookOf } from '../../parts/status';
import { tell, tellFailure } from '../../parts/toasts';
import { schedulePath } from '../../routing/paths';
import { go, Link } from '../../routing/router';
import { useVerdict, type Verdict } from '../submit/check';
import { parse, type Problem } from '../submit/document';
import { EXAMPLES } from '../submit/examples';
import { bodyOf, CATCH_UPS, OVERLAPS, ownZone, previewQueryOf, zonesKnown, type Typed } from './form';
import { NextTimes } from './times';

const SETTLED_MS = 250;

type Times = { readonly preview: SchedulePreview } | { readonly problem: string; readonly error: unknown } | undefined;

const problemOf = (error: unknown): string => {
  const errors = error instanceof RequestFailed ? (error.problem?.errors ?? []) : [];
  return errors.length === 0 ? 'The times could not be read.' : errors.map(({ path, message }) => `${path} ${message}`).join('; ');
};

/** The next times, shortly after the last key. */
const useTimes = (cron: string, timeZone: string): Times => {
  const [times, setTimes] = useState<Times>(undefined);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const ending = new AbortController();
    const timer = setTimeout(() => {
      api.previewSchedule(previewQueryOf({ cron, timeZone }), ending.signal).then(
        (preview) => {
          if (!ending.signal.aborted) setTimes({ preview });
        },
        (error: unknown) => {
          if (!ending.signal.aborted) setTimes({ problem: problemOf(error), error });
        },
      );
    }, SETTLED_MS);
    return () => {
      clearTimeout(timer);
      ending.abort();
    };
  }, [cron, timeZone, turn]);
  const again = useCallback(() => {
    setTurn((before) => before + 1);
  }, []);
  useRetry(times !== undefined && 'problem' in times ? times.error : undefined, again);
  return times;
};

const Preview = ({ times }: { readonly times: Times }) => (
  <section class="card stack" aria-labelledby="times">
    <h2 id="times">Next times</h2>
    <div role="status">
      {times === undefined ? (
        <p class="soft">Reading …</p>
      ) : 'problem' in times ? (
        <p class="verdict">
          <StatusShape look={lookOf('FAILED')} size={16} /> {times.problem}
        </p>
      ) : (
        <NextTimes times={times.preview.nextFireTimes} timeZone={times.preview.timeZone} />
      )}
    </div>
  </section>
);

const judged = (verdict: Verdict): string => {
  if (verdict.kind === 'checking') return 'Checking the DAG …';
  if (verdict.kind === 'unchecked') return 'The DAG could not be checked.';
  if (verdict.kind === 'valid') return `The DAG would be taken: ${plural(verdict.valid.totalTasks, 'task')}.`;
  const [first] = verdict.problems;
  return `${plural(verdict.problems.length, 'problem')} in the DAG: ${first?.path ?? ''} ${first?.message ?? ''}`;
};

const WORDS = { checking: 'CREATED', valid: 'COMPLETED', wrong: 'FAILED', unchecked: 'OPEN' } as const;

interface FieldsProps {
  readonly typed: Typed;
  readonly change: (changes: Partial<Typed>) => void;
}

const Fields = ({ typed, change }: FieldsProps) => {
  const zones = useMemo(() => zonesKnown(ownZone()).map((zone): [string, string] => [zone, zone]), []);
  const field = (name: 'name' | 'cron' | 'note', label: string, placeholder?: string) => (
    <TextField
      label={label}
      value={typed[name]}
      {...(placeholder === undefined ? {} : { placeholder })}
      change={(value) => {
        change({ [name]: value });
      }}
    />
  );
  return (
    <div class="form-row">
      {field('cron', 'Minute, hour, day, month, weekday')}
      <ChoiceField
        label="Time zone"
        value={typed.timeZone}
        choices={zones}
        change={(timeZone) => {
          change({ timeZone });
        }}
      />
      {field('name', 'Name (optional)', "the DAG's name")}
      <ChoiceField
        label="While one of its DAGs is live a time"
        value={typed.overlap}
        choices={OVERLAPS}
        change={(overlap) => {
          change({ overlap });
        }}
      />
      <ChoiceField
        label="Of times that were missed"
        value={typed.catchUp}
        choices={CATCH_UPS}
        change={(catchUp) => {
          change({ catchUp });
        }}
      />
      {field('note', 'Note (optional)', 'whose it is')}
    </div>
  );
};

const useCreation = (typed: Typed, value: unknown) => {
  const [sending, setSending] = useState(false);
  const create = async (): Promise<void> => {
    setSending(true);
    try {
      const { scheduleId, name } = await api.createSchedule(bodyOf(typed, value as { readonly dagName?: unknown }));
      tell(`${name} is scheduled`);
      go(schedulePath(scheduleId));
    } catch (error) {
      tellFailure('Not scheduled', error);
      setSending(false);
    }
  };
  return { sending, create };
};

const NO_MARKS: readonly Problem[] = [];

export const NewSchedule = () => {
  const [typed, setTyped] = useState<Typed>({
    name: '',
    cron: '30 6 * * MON-FRI',
    timeZone: ownZone(),
    overlap: 'skip',
    catchUp: 'latest',
    note: '',
  });
  const [text, setText] = useState(EXAMPLES[0]!.text);
  const editor = useRef<EditorHandle>(undefined);
  const verdict = useVerdict(text, 'json');
  const parsed = useMemo(() => parse(text, 'json'), [text]);
  const times = useTimes(typed.cron, typed.timeZone);
  const { sending, create } = useCreation(typed, parsed.kind === 'parsed' ? parsed.value : undefined);
  const isReady = verdict.kind === 'valid' && times !== undefined && 'preview' in times;
  return (
    <Page
      title="New schedule"
      above={<Link to="/schedules">Schedules</Link>}
      actions={
        <button type="button" class="button button-main" disabled={sending || !isReady} onClick={() => void create()}>
          {sending ? 'Making it …' : 'Make the schedule'}
        </button>
      }
    >
      <Fields
        typed={typed}
        change={(changes) => {
          setTyped({ ...typed, ...changes });
        }}
      />
      <div class="split">
        <section class="stack" aria-label="The DAG as text">
          <CodeEditor
            label="The DAG as text"
            language="json"
            initial={text}
            changed={setText}
            marks={verdict.kind === 'wrong' ? verdict.problems : NO_MARKS}
            handle={(made) => {
              editor.current = made;
            }}
          />
          <p class="verdict" role="status">
            <StatusShape look={lookOf(WORDS[verdict.kind])} size={16} /> {judged(verdict)}
          </p>
        </section>
        <Preview times={times} />
      </div>
    </Page>
  );
};
