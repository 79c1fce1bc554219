/** What a task logged and printed, with what comes while it runs. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ask } from '../api/client';
import { exactText } from '../parts/format';
import { Failure, Loading } from '../parts/notices';
import { StatusShape } from '../parts/badge';
import { lookOf } from '../parts/status';
import { addressOf } from '../routing/address';
import { clockText, lineText, MOST_LINES, speakerAt, withLines, type LogLine } from './logLines';
import { isFinalTask, type Task } from './model';

const PAGE = 1_000;

interface LogPage {
  readonly items: readonly LogLine[];
  readonly nextCursor: string | null;
}

type State =
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'lines'; readonly lines: readonly LogLine[]; readonly isFollowed: boolean };

const pathOf = ({ taskId }: Task): string => `/api/v1/tasks/${encodeURIComponent(taskId)}/logs`;

/** All lines that there are, page by page, as they come in. */
const readAll = async (
  path: string,
  search: string,
  heard: (lines: readonly LogLine[]) => void,
  signal: AbortSignal,
): Promise<string | undefined> => {
  let after: string | undefined;
  for (;;) {
    const page: LogPage = await ask<LogPage>(addressOf(path, { limit: String(PAGE), search, after }), { signal });
    heard(page.items);
    after = page.items.at(-1)?.id ?? after;
    if (page.nextCursor === null) return after;
    after = page.nextCursor;
  }
};

interface Follower {
  readonly heard: (lines: readonly LogLine[]) => void;
  readonly ended: () => void;
}

/** New lines until the task is final, or nobody listens any more. */
const follow = (path: string, query: Readonly<Record<string, string | undefined>>, { heard, ended }: Follower): EventSource => {
  const source = new EventSource(addressOf(path, { follow: 'true', ...query }));
  source.addEventListener('line', (message) => {
    heard([JSON.parse((message as MessageEvent<string>).data) as LogLine]);
  });
  source.addEventListener('error', () => {
    // A browser tries again by itself, but where the server refused.
    if (source.readyState === EventSource.CLOSED) ended();
  });
  source.addEventListener('end', () => {
    source.close();
    ended();
  });
  return source;
};

const linesIn = (state: State): readonly LogLine[] => (state.kind === 'lines' ? state.lines : []);

/** The last lines of a task arrive a moment after its end. */
const LAST_LINES_MS = 10_000;
const mayGoOn = ({ status, completedAt }: Task): boolean =>
  !isFinalTask(status) || (completedAt !== null && Date.now() - Date.parse(completedAt) < LAST_LINES_MS);

const useLogs = (task: Task, search: string): State => {
  const [state, setState] = useState<State>({ kind: 'loading' });
  useEffect(() => {
    const ending = new AbortController();
    let source: EventSource | undefined;
    const path = pathOf(task);
    const heard = (newer: readonly LogLine[]): void => {
      setState((before) => ({ kind: 'lines', lines: withLines(linesIn(before), newer), isFollowed: source !== undefined }));
    };
    const ended = (): void => {
      source = undefined;
      heard([]);
    };
    const goOn = (after: string | undefined): void => {
      source = follow(path, { after, ...(search === '' ? {} : { search }) }, { heard, ended });
      heard([]);
    };
    setState({ kind: 'loading' });
    readAll(path, search, heard, ending.signal).then(
      (after) => {
        if (mayGoOn(task) && !ending.signal.aborted) goOn(after);
      },
      (error: unknown) => {
        if (!ending.signal.aborted) setState({ kind: 'failed', error });
      },
    );
    return () => {
      ending.abort();
      source?.close();
    };
  }, [task.taskId, task.attempt, task.startedAt, search]);
  return state;
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
  const state = useLogs(task, search);
  const lines = linesIn(state);
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
        {state.kind === 'lines' && state.isFollowed && !isFinalTask(task.status) && (
          <span class="log-live small" title="New lines appear as they come.">
            <StatusShape look={lookOf('RUNNING')} size={10} /> follows
          </span>
        )}
        <a class="button button-small" href={addressOf(pathOf(task), { download: 'true' })} download="">
          Download
        </a>
      </div>
      {state.kind === 'loading' && <Loading what="the log" />}
      {state.kind === 'failed' && <Failure error={state.error} />}
      {lines.length > 0 && <Lines lines={lines} />}
      {lines.length === 0 && state.kind === 'lines' && <p class="soft small">{search === '' ? 'It has logged nothing.' : 'No line holds that.'}</p>}
      {lines.length === MOST_LINES && <p class="soft small">The newest {MOST_LINES} lines; the download has all.</p>}
    </section>
  );
};
