/** The frame of every page: navigation, how the server is, and the look. */
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { api } from '../api/client';
import { useFetched } from '../live/hooks';
import { connection } from '../live/page';
import { Confirmations } from '../parts/dialog';
import { lookOf } from '../parts/status';
import { StatusShape } from '../parts/badge';
import { Toasts } from '../parts/toasts';
import { Link, place } from '../routing/router';
import { chooseTheme, nextTheme, theme } from './theme';

const PAGES: readonly (readonly [string, string])[] = [
  ['/', 'Overview'],
  ['/dags', 'DAGs'],
  ['/submit', 'Submit'],
  ['/schedules', 'Schedules'],
  ['/workers', 'Workers'],
  ['/dead-letters', 'Dead letters'],
  ['/pools', 'Pools'],
  ['/limits', 'Limits & pauses'],
];

const isIn = (page: string, path: string): boolean =>
  page === '/' ? path === '/' : path === page || path.startsWith(`${page}/`) || (page === '/dags' && path.startsWith('/tasks/'));

const HEALTH_MS = 10_000;

const ServerState = () => {
  const { data, error, again } = useFetched('health', api.health, HEALTH_MS);
  const cutOff = connection.value === 'cut off';
  // Both ends of a break are news about the server.
  useEffect(again, [cutOff, again]);
  const down = Object.entries(data?.components ?? {}).flatMap(([name, { status }]) => (status === 'DOWN' ? [name] : []));
  const [status, words] =
    error !== undefined
      ? ['DOWN', 'Scheduler unreachable']
      : data === undefined
        ? ['CREATED', 'Asking …']
        : down.length > 0
          ? ['DOWN', `${down.join(', ')} down`]
          : ['UP', 'All services up'];
  return (
    <span class="state" role="status">
      <StatusShape look={lookOf(status)} /> {words}
    </span>
  );
};

const LIVE = {
  idle: ['CREATED', '', ''],
  connecting: ['CREATED', 'Connecting …', 'The stream of events is being opened.'],
  live: ['RUNNING', 'Live', 'What is shown follows the scheduler as things happen.'],
  'cut off': ['PAUSED', 'Not live', 'The stream of events is cut off: figures are read every few seconds until it is back.'],
} as const;

const LiveState = () => {
  const [status, words, title] = LIVE[connection.value];
  if (words === '') return null;
  return (
    <span class="state" title={title} role="status" data-connection={connection.value}>
      <StatusShape look={lookOf(status)} /> {words}
    </span>
  );
};

const ThemeButton = () => (
  <button
    type="button"
    class="button-plain state"
    onClick={() => {
      chooseTheme(nextTheme(theme.value));
    }}
  >
    <svg width="14" height="14" viewBox="0 0 16 16" aria-hidden="true">
      <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="1.6" />
      <path d="M8 2a6 6 0 0 1 0 12Z" fill="currentColor" />
    </svg>
    Look: {theme.value}
  </button>
);

const Navigation = ({ path }: { readonly path: string }) => (
  <nav aria-label="Pages">
    <ul class="nav-list">
      {PAGES.map(([to, title]) => (
        <li key={to}>
          <Link to={to} class="nav-link" aria-current={isIn(to, path) ? 'page' : undefined}>
            {title}
          </Link>
        </li>
      ))}
      <li>
        <a class="nav-link" href="/docs">
          API
        </a>
      </li>
    </ul>
  </nav>
);

export const Layout = ({ children }: { readonly children: ComponentChildren }) => {
  const { path } = place.value;
  const [open, setOpen] = useState(false);
  useEffect(() => {
    setOpen(false);
  }, [path]);
  return (
    <div class="layout">
      <a class="skip-link" href="#content">
        To the content
      </a>
      <header class={open ? 'side side-open' : 'side'}>
        <div class="side-head">
          <Link to="/" class="brand">
            <img src="/favicon.svg" alt="" width="24" height="24" />
            Task scheduler
          </Link>
          <button
            type="button"
            class="button menu-button"
            aria-expanded={open}
            onClick={() => {
              setOpen(!open);
            }}
          >
            Menu
          </button>
        </div>
        <div class="side-rest">
          <Navigation path={path} />
          <div class="side-foot">
            <ServerState />
            <LiveState />
            <ThemeButton />
          </div>
        </div>
      </header>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
      <Toasts />
      <Confirmations />
    </div>
  );
};

interface PageProps {
  readonly title: string;
  /** Beside the title. */
  readonly actions?: ComponentChildren;
  /** Before the title in smaller letters: where it belongs. */
  readonly above?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A page with its one heading, which is the window's title, too. */
export const Page = ({ title, actions, above, children }: PageProps) => {
  useEffect(() => {
    document.title = `${title} – Task scheduler`;
  }, [title]);
  return (
    <>
      <div class="page-head">
        <div>
          {above !== undefined && <p class="page-above">{above}</p>}
          <h1>{title}</h1>
        </div>
        {actions !== undefined && <div class="page-actions">{actions}</div>}
      </div>
      {children}
    </>
  );
};
