/** What holds on every page: looks, keys, times, and what is said where something isn't there. */
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { TaskSubmission } from '../../src/sdk';
import { openPage, PHONE, startChromium, wrongInEachLook } from '../harness/chromium';
import { projectRoot } from '../harness/processes';
import { type Standalone, startStandalone } from '../harness/stacks';
import { until } from '../harness/until';

const TIMEOUT_MS = 15_000;
const HANDLERS = JSON.stringify([{ type: 'STEPS', module: path.join(projectRoot, 'test/browser/steps.mjs'), isolation: 'none' }]);
const ZONE = 'America/New_York';

jest.setTimeout(180_000);

let stack: Standalone;
let browser: Browser;
let page: Page;
let complaints: string[];
/** Each page with what is there once it is filled. */
let pages: readonly (readonly [name: string, path: string, there: string])[];

const steps = (taskName: string, payload: object, more: Partial<TaskSubmission> = {}): TaskSubmission => ({
  ...{ taskName, type: 'STEPS', payload, maxRetries: 0 },
  ...more,
});
const taskOf = async (dagId: string, name: string) => (await stack.api.tasks(dagId)).find(({ taskName }) => taskName === name)!;

/** A DAG with a task that runs, one that failed, and one that waits in a pool that is full; a run before it; and all else there are pages for. */
const fill = async (): Promise<Readonly<Record<string, string>>> => {
  await stack.api.setLimit({ scope: 'pool', name: 'loaders' }, { maxRunning: 1 }, { by: 'Ada', reason: 'one ramp' });
  await stack.api.setLimit({ scope: 'rate', name: 'partner_of_the_north_east' }, { perSecond: 5, burst: 10 });
  await stack.api.pauseGate({ scope: 'pool', name: 'mail' });
  await stack.api.pauseGate({ scope: 'type', name: 'DATABASE_OPERATION' }, { until: new Date(Date.now() + 3_600_000).toISOString() });
  const tasks = [
    steps('runs-for-long', { steps: 9_000, ms: 500 }, { pool: 'loaders' }),
    steps('waits-for-a-slot', { steps: 1, ms: 1 }, { pool: 'loaders', dependencies: ['quick'] }),
    steps('broken', { broken: true }),
    steps('quick', { steps: 1, ms: 1 }),
  ];
  const name = 'a-name-that-somebody-thought-of-who-likes-names-that-say-all-there-is-to-say';
  const before = await stack.api.submit({ dagName: name, tasks: [tasks[2]!, tasks[3]!] });
  await stack.api.wait(before.dagId);
  const { dagId } = await stack.api.submit({ dagName: name, tags: ['etl'], tasks });
  await until(async () => (await taskOf(dagId, 'runs-for-long')).status === 'RUNNING', { what: 'a task that runs' });
  await until(async () => (await taskOf(dagId, 'broken')).status === 'FAILED', { what: 'a task that failed' });
  const schedule = await stack.api.createSchedule({
    name: 'by the clock',
    cron: '0 6 * * MON-FRI',
    timeZone: 'America/Argentina/ComodRivadavia',
    dag: { dagName: 'fired', tasks: [tasks[3]!] },
  });
  await stack.api.triggerSchedule(schedule.scheduleId);
  const letter = await until(async () => (await stack.api.deadLetters()).items[0], { what: 'a dead letter' });
  return {
    dagId,
    scheduleId: schedule.scheduleId,
    letterId: letter.letterId,
    runs: (await taskOf(dagId, 'runs-for-long')).taskId,
    waits: (await taskOf(dagId, 'waits-for-a-slot')).taskId,
    failed: (await taskOf(dagId, 'broken')).taskId,
  };
};

beforeAll(async () => {
  [stack, browser] = await Promise.all([startStandalone({ env: { WORKER_HANDLERS: HANDLERS, WORKER_ID: 'worker-1' } }), startChromium()]);
  ({ page, complaints } = await openPage(browser, { timezoneId: ZONE }));
  page.setDefaultTimeout(TIMEOUT_MS);
  const { dagId, scheduleId, letterId, runs, waits, failed } = await fill();
  pages = [
    ['overview', '/', '.figures'],
    ['dags', '/dags', 'tbody tr'],
    ['submit', '/submit', '.verdict:has-text("would take it")'],
    ['schedules', '/schedules', 'tbody tr'],
    ['new schedule', '/schedules/new', '.verdict:has-text("would be taken")'],
    ['schedule', `/schedules/${scheduleId!}`, 'tbody tr:has-text("by hand")'],
    ['workers', '/workers', 'tbody tr'],
    ['worker', '/workers?worker=worker-1', 'dialog .pairs'],
    ['dead letters', '/dead-letters', 'tbody tr'],
    ['dead letter', `/dead-letters?letter=${letterId!}`, 'dialog .pairs'],
    ['pools', '/pools', 'tbody tr:has-text("full")'],
    ['pool', '/pools?pool=loaders', 'dialog tbody tr:has-text("runs-for-long")'],
    ['limits', '/limits', 'tbody tr:has-text("partner")'],
    ['graph', `/dags/${dagId!}?task=broken`, '.panel .explanation p'],
    ['timeline', `/dags/${dagId!}?tab=timeline`, '.gantt-running'],
    ['tasks', `/dags/${dagId!}?tab=tasks`, 'tbody tr'],
    ['history', `/dags/${dagId!}?tab=history`, 'tbody tr'],
    ['runs', `/dags/${dagId!}?tab=runs`, '.run-cell'],
    ['comparison', `/dags/${dagId!}?tab=compare`, 'tbody tr'],
    ['task that runs', `/tasks/${runs!}`, '.log-line'],
    ['task that waits', `/tasks/${waits!}`, '.condition[data-code=LIMIT_FULL]'],
    ['task that failed', `/tasks/${failed!}`, '.attempt'],
  ];
}, 120_000);

const open = async (address: string, there: string): Promise<void> => {
  await page.goto(`${stack.url}${address}`);
  await page.waitForSelector(there);
};

/** What is found wrong on any page, each with the page's name. */
const onEachPage = async (look: () => Promise<readonly string[]>): Promise<string[]> => {
  const wrong: string[] = [];
  for (const [name, address, there] of pages) {
    await open(address, there);
    wrong.push(...(await look()).map((line) => `${name}: ${line}`));
  }
  return wrong;
};

test('axe finds nothing and nothing is cut off: light, dark, and both on a phone', async () => {
  expect(await onEachPage(() => wrongInEachLook(page))).toEqual([]);
});

/** Two runs beside each other are wider than a phone: that table alone is moved aside. */
const COLUMNS = '.table-frame:not([aria-label="Table: Comparison"]) th';

test('a table on a phone shows what it has and what can be done without being moved aside', async () => {
  await page.setViewportSize(PHONE);
  const hidden = await onEachPage(() =>
    page.evaluate<string[]>(`[...document.querySelectorAll('${COLUMNS}, .table-frame button, .table-frame td:nth-child(-n+3) a')]
      .filter((each) => each.checkVisibility())
      .filter((each) => each.getBoundingClientRect().right > each.closest('.table-frame').getBoundingClientRect().right + 1)
      .map((each) => 'out of sight: ' + (each.getAttribute('aria-label') ?? each.textContent))`),
  );
  expect(hidden).toEqual([]);
  await open(pages.find(([name]) => name === 'comparison')![1], '.tab[aria-selected=true]');
  const shown = await page.evaluate<boolean>(`(() => {
    const [tab, frame] = ['.tab[aria-selected=true]', '.tabs'].map((each) => document.querySelector(each).getBoundingClientRect());
    return tab.left >= frame.left - 1 && tab.right <= frame.right + 1;
  })()`);
  await page.setViewportSize({ width: 1360, height: 900 });
  expect(shown).toBe(true);
});

/** What takes part in Tab's round: of a group that has one stop for all of it, that one. */
const STOPS = 'a[href], button:enabled, input:enabled, select:enabled, textarea:enabled, summary, [tabindex="0"], [contenteditable="true"]';

/** Goes round with Tab; tells what was never come to, and what doesn't show that it is. */
const roundOf = async (): Promise<string[]> => {
  const unseen: string[] = [];
  for (let presses = 0; presses < 250; presses++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate<{ readonly again: boolean; readonly name: string; readonly seen: boolean } | null>(`(() => {
      const here = document.activeElement;
      if (here === null || here === document.body) return null;
      const { outlineStyle, outlineWidth } = getComputedStyle(here);
      // A field of a date has several stops.
      const again = here.dataset.come === 'yes' && here !== globalThis.here;
      globalThis.here = here;
      here.dataset.come = 'yes';
      return { again, name: here.outerHTML.slice(0, 120), seen: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1 || here.matches('.cm-content') };
    })()`);
    if (at?.again === true) break;
    if (at?.seen === false) unseen.push(`not seen to have the focus: ${at.name}`);
  }
  const missed = await page.evaluate<string[]>(`(() => {
    const dialog = document.querySelector('dialog[open]') ?? document;
    return [...dialog.querySelectorAll(${JSON.stringify(STOPS)})]
      .filter((each) => each.tabIndex >= 0 && each.checkVisibility({ visibilityProperty: true }) && each.dataset.come !== 'yes')
      .map((each) => 'Tab never comes to: ' + each.outerHTML.slice(0, 120));
  })()`);
  return [...unseen, ...missed];
};

test('Tab comes to everything that can be done, and shows where it is', async () => {
  expect(await onEachPage(roundOf)).toEqual([]);
});

test('every time is of the reader’s zone and has its exact value on hover; none stands there as the API wrote it', async () => {
  const wrong = await onEachPage(() =>
    page.evaluate<string[]>(`(() => {
      const zone = (at) => new Intl.DateTimeFormat('en-GB', { timeZone: ${JSON.stringify(ZONE)}, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at);
      const times = [...document.querySelectorAll('time')].filter((each) => !each.matches('.wraps'));
      const inexact = [...document.querySelectorAll('time')].filter((each) => !each.title.includes('(' + new Date(each.dateTime).toISOString() + ')'));
      const elsewhere = times.filter((each) => /\\d\\d:\\d\\d/.test(each.textContent) && !each.textContent.includes(zone(new Date(each.dateTime))));
      const raw = [];
      const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      while (texts.nextNode()) {
        const { data, parentElement } = texts.currentNode;
        if (/\\d{4}-\\d\\d-\\d\\dT\\d\\d:/.test(data) && parentElement.closest('pre, .cm-editor, title, script') === null) raw.push(data);
      }
      return [
        ...inexact.map((each) => 'no exact value: ' + each.outerHTML),
        ...elsewhere.map((each) => 'of another zone: ' + each.outerHTML),
        ...raw.map((text) => 'as the API wrote it: ' + text),
      ];
    })()`),
  );
  expect(wrong).toEqual([]);
});

test.each([
  ['a DAG', '/dags/01a225ec-ffff-8000-84b1-59df49000000', 'There is no such DAG', '/dags'],
  ['a task', '/tasks/01a225ec-ffff-8000-84b1-59df49000000', 'There is no such', '/dags'],
  ['a page', '/dags/a/page', 'There is no page at this address.', '/'],
  ['no id', '/tasks/nothing', 'The id is no UUID', '/dags'],
  ['a schedule', '/schedules/57b55950-0000-4e40-a29c-daf0b5a22cd6', 'There is no such schedule', '/schedules'],
  ['a worker', '/workers?worker=nobody', 'There is no such worker', '/workers'],
  ['a dead letter', '/dead-letters?letter=999999999', 'There is no such dead letter', '/dead-letters'],
])('%s that isn’t there leads to where there are some', async (_what, address, title, to) => {
  await open(address, `.notice:has-text("${title}")`);
  expect(await wrongInEachLook(page)).toEqual([]);
  await page.click(`.notice a[href="${to}"]`);
  await page.waitForURL(`${stack.url}${to}`);
  await page.waitForSelector('dialog', { state: 'detached' });
  expect(complaints.splice(0).every((text) => text.includes('status of 404') || text.includes('status of 400'))).toBe(true);
});

test('where the scheduler is not reached each page says so, and what to do', async () => {
  await stack.role.terminate();
  const addresses = ['/dags', '/schedules', '/workers', '/dead-letters', '/pools', '/limits', '/'];
  const silent: string[] = [];
  // The page itself is there already: it goes on by its own links.
  for (const address of addresses) {
    await page.click(`.nav-link[href="${address}"]`);
    await page.waitForSelector('main .notice-bad:has-text("can’t be reached")').catch(() => silent.push(address));
  }
  expect(silent).toEqual([]);
  expect(await page.locator('main .notice-bad button:has-text("Try again")').count()).toBeGreaterThan(0);
  complaints.length = 0;
});

test('complains about nothing', () => {
  expect(complaints).toEqual([]);
});
