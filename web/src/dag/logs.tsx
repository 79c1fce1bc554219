/** What a task logged and printed, with what comes while it runs. */
import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ask } from '../api/client';
import { sight } from '../live/page';
import { exactText } from '../parts/format';
import { Failure, Loading } from '../parts/notices';
import { StatusShape } from '../parts/badge';
import { lookOf } from '../parts/status';
import { addressOf } from '../routing/address';
import { createFollowing, NOTHING_READ, type Following, type Log } from './following';
import { clockText, lineText, MOST_LINES, speakerAt, type LogLine } from './logLines';
import { isFinalTask, type Task } from './model';

const PAGE = 1_000;

const pathOf = ({ taskId }: Task): string => `/api/v1/tasks/${encodeURIComponent(taskId)}/logs`;

/** The last lines of a task arrive a moment after its end. */
const LAST_LINES_MS = 10_000;
const mayGoOn = ({ status, completedAt }: Task): boolean =>
  !isFinalTask(status) || (completedAt !== null && Date.now() - Date.parse(completedAt) < LAST_LINES_MS);

const useLog = (task: Task, search: string): Log & { readonly again: () => void } => {
  const [log, setLog] = useState(NOTHING_READ);
  const latest = useRef(task);
  latest.current = task;
  const following = useRef<Following>(undefined);
  useEffect(() => {
    const path = pathOf(task);
    setLog(NOTHING_READ);
    const made = createFollowing({
      read: (after, signal) => ask(addressOf(path, { limit: String(PAGE), search, after }), { signal }),
      open: (after) => new EventSource(addressOf(path, { follow: 'true', search, after })),
      mayGoOn: () => mayGoOn(latest.current),
      sight,
      show: setLog,
    });
    following.current = made;
    return made.end;
  }, [task.taskId, task.attempt, task.startedAt, search]);
  const again = useCallback(() => {
    following.current?.goOn();
  }, []);
  return { ...log, again };
};

const Line = ({ line, speaker }: { readonly line: LogLine; readonly speaker: string | undefined }) => (
  <li class={`log-line log-${line.level}`}>
    {speaker !== undefined && <span class="log-speaker">{speaker}</span>}
    <time class="log-time" dateTime={line.time} title={exactText(Date.parse(line.time))}>
      {clockText(line.time)}
    </time>
    <span class="log-level">{line.stream === 'log' ? line.level : line.stream}</span>
    <span class="log-text">{lineText(line)}</span>
  </li>
);

/** Keeps the newest line in sight, unless the reader has scrolled away from it. */
const Lines = ({ lines }: { readonly lines: readonly LogLine[] }) => {
  const list = useRef<HTMLOListElement>(null);
  const isAtEnd = useRef(true);
  useEffect(() => {
    if (isAtEnd.current && list.current !== null) list.current.scrollTop = list.current.scrollHeight;
  }, [lines]);
  return (
    <ol
      ref={list}
      class="value log"
      tabIndex={0}
      aria-label="Lines of the log"
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        isAtEnd.current = scrollHeight - scrollTop - clientHeight < 24;
      }}
    >
      {lines.map((line, i) => (
        <Line key={line.id} line={line} speaker={speakerAt(lines, i)} />
      ))}
    </ol>
  );
};

export const Logs = ({ task, title }: { readonly task: Task; readonly title: ComponentChildren }) => {
  const [search, setSearch] = useState('');
  const { lines, stage, error, again } = useLog(task, search);
  const isRead = error === undefined && (stage === 'follows' || stage === 'over');
  return (
    <section class="part">
      {title}
      <div class="row">
        <input
          type="search"
          class="log-search"
          placeholder="Search the log"
          aria-label="Search the log"
          value={search}
          onChange={({ currentTarget }) => {
            setSearch(currentTarget.value.trim());
          }}
        />
        {stage === 'follows' && !isFinalTask(task.status) && (
          <span class="log-live small" title="New lines appear as they come.">
            <StatusShape look={lookOf('RUNNING')} size={10} /> follows
          </span>
        )}
        <a class="button button-small" href={addressOf(pathOf(task), { download: 'true' })} download="">
          Download
        </a>
      </div>
      {error !== undefined && <Failure error={error} again={again} />}
      {lines.length > 0 && <Lines lines={lines} />}
      {lines.length === 0 && error === undefined && !isRead && <Loading what="the log" />}
      {lines.length === 0 && isRead && <p class="soft small">{search === '' ? 'It has logged nothing.' : 'No line holds that.'}</p>}
      {lines.length === MOST_LINES && <p class="soft small">The newest {MOST_LINES} lines; the download has all.</p>}
    </section>
  );
};
