/** Which page stands at which path. */
import type { ComponentType } from 'preact';
import { Layout, Page } from './layout/layout';
import { Empty } from './parts/notices';
import { matchPath, type Query } from './routing/address';
import { lazy } from './routing/lazy';
import type { PagePath } from './routing/paths';
import { Link, place } from './routing/router';

type Shown = ComponentType<{ readonly params: Query }>;

const PAGES: Readonly<Record<PagePath, Shown>> = {
  '/': lazy(async () => (await import('./pages/overview')).Overview),
  '/dags': lazy(async () => (await import('./pages/dags')).Dags),
  '/dags/:dagId': lazy(async () => (await import('./pages/dag')).Dag),
  '/tasks/:taskId': lazy(async () => (await import('./pages/task')).Task),
  '/submit': lazy(async () => (await import('./pages/submit')).Submit),
  '/workers': lazy(async () => (await import('./pages/workers')).Workers),
  '/dead-letters': lazy(async () => (await import('./pages/deadLetters')).DeadLetters),
  '/schedules': lazy(async () => (await import('./pages/schedules')).Schedules),
  '/schedules/new': lazy(async () => (await import('./pages/schedules/newSchedule')).NewSchedule),
  '/schedules/:scheduleId': lazy(async () => (await import('./pages/schedules/schedule')).Schedule),
  '/pools': lazy(async () => (await import('./pages/pools')).Pools),
  '/limits': lazy(async () => (await import('./pages/limits')).Limits),
};

const Nowhere = () => (
  <Page title="Nothing here">
    <Empty title="There is no page at this address.">
      <Link to="/">Go to the overview</Link>, or choose a page from the navigation.
    </Empty>
  </Page>
);

export const App = () => {
  const { path } = place.value;
  for (const [pattern, Shown] of Object.entries(PAGES)) {
    const params = matchPath(pattern, path);
    if (params !== undefined)
      return (
        <Layout>
          <Shown key={path} params={params} />
        </Layout>
      );
  }
  return (
    <Layout>
      <Nowhere />
    </Layout>
  );
};
