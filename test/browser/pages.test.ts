/** The dashboard as whoever operates this meets it: in a browser, on a scheduler and workers that run. */
import type { Browser, Page } from 'playwright-core';
import sample from '../../sample-dag.json';
import type { DagSubmission } from '../../src/sdk';
import { type Opened, openPage, PHONE, picture, startChromium, violationsOf } from '../harness/chromium';
import { type RealStack, startRealStack } from '../harness/stacks';

const TIMEOUT_MS = 25_000;
const PAGES_MS = 90_000;
const ON_A_PHONE = { viewport: PHONE, hasTouch: true, isMobile: true };

const PAGES = [
  ['overview', '/', '.figures'],
  ['dags', '/dags', 'tbody tr'],
  ['submit', '/submit', '.verdict:has-text("would take it")'],
  ['workers', '/workers', 'tbody tr'],
  ['dead-letters', '/dead-letters', 'tbody tr'],
  ['pools', '/pools', 'tbody tr:has-text("full")'],
  ['limits', '/limits', '.table-frame'],
  ['schedules', '/schedules', 'tbody tr'],
  ['schedule-new', '/schedules/new', '.verdict:has-text("would be taken")'],
] as const;

jest.setTimeout(60_000);

let stack: RealStack;
let browser: Browser;
let page: Page;
let opened: Opened;

const pipeline = sample as unknown as DagSubmission;
const failing: DagSubmission = {
  dagName: 'Failing import',
  tags: ['example'],
  maxRetries: 0,
  tasks: [
    { taskName: 'fetch', type: 'API_CALL', simulate: { durationMs: 20, failureRate: 0 } },
    {
      taskName: 'import',
      type: 'DATABASE_OPERATION',
      dependencies: ['fetch'],
      payload: { table: 'orders' },
      simulate: { durationMs: 20, failureRate: 1 },
    },
  ],
};
const long = (dagName: string): DagSubmission => ({
  dagName,
  tasks: [{ taskName: 'long', type: 'DATA_PROCESSING', simulate: { durationMs: 600_000, failureRate: 0 } }],
});

beforeAll(async () => {
  [stack, browser] = await Promise.all([startRealStack({ workers: 2, workerEnv: { WORKER_CONCURRENCY: '6' } }), startChromium()]);
  opened = await openPage(browser);
  ({ page } = opened);
  page.setDefaultTimeout(TIMEOUT_MS);
}, 120_000);

/** A browser tells of each answer that isn't a success: a check that finds problems is one. */
const isCheck = (text: string): boolean => text.includes('status of 422') || (text.includes('status of 400') && text.includes('/schedules/preview'));

afterEach(() => {
  expect(opened.complaints.filter((text) => !isCheck(text))).toEqual([]);
});

const open = async (path: string, there: string): Promise<void> => {
  await page.goto(`${stack.url}${path}`);
  await page.waitForSelector(there);
};

/** Presses Tab until something is focused; fails where that never comes. */
const tabTo = async (selector: string): Promise<void> => {
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate(`document.activeElement?.matches(${JSON.stringify(selector)}) === true`)) return;
  }
  throw new Error(`Tab never comes to ${selector}`);
};

describe('the form', () => {
  test('takes the sample by the keyboard alone, and the list shows it complete without a reload', async () => {
    await open('/dags', '[data-connection=live]');
    await tabTo('.page-actions a');
    await page.keyboard.press('Enter');
    await page.waitForSelector('text=The scheduler would take it: 7 tasks');
    await tabTo('.page-actions .button-main');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/dags\/[0-9a-f-]{36}$/);
    await tabTo('.nav-link[href="/dags"]');
    await page.keyboard.press('Enter');
    // Nothing navigates from here on: what changes came by the stream.
    const row = page.locator('tr', { hasText: sample.dagName });
    await row.locator('[data-status=COMPLETED]').waitFor();
    expect(await row.locator('.progress').innerText()).toContain('7/7');
  });

  test('says what is wrong at its place while it is written, in YAML as well', async () => {
    await open('/submit', '.preview-node');
    await page.click('button:has-text("YAML")');
    await page.click('.cm-content');
    await page.keyboard.press('ControlOrMeta+A');
    // Written over what is chosen, Chromium would try to keep its style in a way that the content policy forbids.
    await page.keyboard.press('Backspace');
    await page.keyboard.insertText('dagName: typed\ntasks:\n  - taskName: a\n    type: API_CALL\n    dependencies: [b]\n');
    await page.waitForSelector('.problem-path:has-text("tasks[0].dependencies[0]")');
    expect(await page.locator('.page-actions .button-main').isDisabled()).toBe(true);
    await page.click('.problem-button');
    await page.keyboard.insertText('a2');
    await page.waitForSelector('.problem-button:has-text("a2")');
    await page.keyboard.press('ControlOrMeta+End');
    await page.keyboard.insertText('  - { taskName: a2, type: NOTIFICATION }\n');
    await page.waitForSelector('text=The scheduler would take it: 2 tasks, 1 dependency');
    expect(await page.locator('.preview-node').count()).toBe(2);
  });
});

describe('the list of DAGs', () => {
  test('keeps its filters in the address, and does things to many at once', async () => {
    await Promise.all([stack.api.submit(long('many-1')), stack.api.submit(long('many-2')), stack.api.submit(long('other'))]);
    await open('/dags?name=many', 'tr:has-text("many-1")');
    expect(await page.locator('tbody tr').count()).toBe(2);
    await page.click('.chip:has-text("running")');
    await page.waitForURL(/status=RUNNING/);
    for (const name of ['many-1', 'many-2']) await page.waitForSelector(`tr:has-text("${name}") [data-status=RUNNING]`);
    await page.check('[aria-label="Choose all that are shown"]');
    await picture(page, 'dags-chosen');
    await page.click('.bulk button:has-text("Cancel")');
    await page.fill('dialog input >> nth=1', 'not needed');
    await page.click('dialog button:has-text("Cancel 2 DAGs")');
    await page.waitForSelector('.toast:has-text("2 DAGs cancelled")');
    await page.click('.chip:has-text("running")');
    await page.waitForSelector('tr:has-text("many-2") [data-status=CANCELLED]');
    await page.reload();
    await page.waitForSelector('tr:has-text("many-2")');
    expect([new URL(page.url()).search, await page.locator('tbody tr').count()]).toEqual(['?name=many', 2]);
  });
});

describe('dead letters', () => {
  test('are looked into and replayed with another payload', async () => {
    const { dagId } = await stack.api.submit(failing);
    await stack.api.wait(dagId);
    await open('/dead-letters?dagName=Failing', 'tbody tr');
    await page.click('[aria-label="Look into import"]');
    await page.fill('dialog textarea', '{ "table": ');
    expect(await page.locator('dialog .button-main').isDisabled()).toBe(true);
    await page.fill('dialog textarea', '{ "table": "orders_2" }');
    await picture(page, 'dead-letter');
    expect(await violationsOf(page)).toEqual([]);
    await page.click('dialog .button-main');
    await page.click('dialog button:has-text("Replay it")');
    await page.waitForSelector('.toast:has-text("import runs again")');
    const task = (await stack.api.tasks(dagId)).find(({ taskName }) => taskName === 'import')!;
    expect((await stack.api.task(task.taskId)).payload).toEqual({ table: 'orders_2' });
  });
});

describe('what operates the whole', () => {
  test('a worker is held and resumed, and its state follows live', async () => {
    await open('/workers', '[data-connection=live]');
    await page.click('[aria-label="Hold worker-2"]');
    await page.click('dialog button:has-text("Hold it")');
    await page.waitForSelector('tr:has-text("worker-2") [data-status=DRAINING]');
    await page.click('[aria-label="Resume worker-2"]');
    await page.click('dialog button:has-text("Resume it")');
    await page.waitForSelector('tr:has-text("worker-2") [data-status=ACTIVE]');
  });

  test('a type is paused and resumed, and limited', async () => {
    await open('/limits', '.notice');
    await page.fill('form[aria-label=Pause] input[type=text]', 'NOTIFICATION');
    await page.click('form[aria-label=Pause] button');
    await page.waitForSelector('dialog[open]');
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog', { state: 'detached' });
    expect(await stack.api.gates()).toEqual([]);
    await page.click('form[aria-label=Pause] button');
    await page.fill('dialog input >> nth=1', 'the mail server is moved');
    await page.click('dialog button:has-text("Pause")');
    await page.waitForSelector('tr:has-text("the mail server is moved") [data-status=PAUSED]');
    await page.fill('form[aria-label=Limit] input[type=text]', 'API_CALL');
    await page.fill('form[aria-label=Limit] input[type=number]', '50');
    await page.click('form[aria-label=Limit] button');
    await page.click('dialog button:has-text("Set the limit")');
    await page.waitForSelector('tr:has-text("API_CALL") >> text=0 of 50');
    await open('/', '.kept-back:has-text("the mail server is moved")');
    await page.click('.kept-back a');
    await page.click('[aria-label="Resume tasks of type NOTIFICATION"]');
    await page.click('dialog button:has-text("Resume")');
    await page.waitForSelector('text=Nothing is paused.');
  });

  test('a pool is limited before its tasks come, seen full with what waits in it, given more room, paused, and freed', async () => {
    await open('/pools', '.notice:has-text("No task is in a pool.")');
    const another = '[aria-label="Another pool"]';
    await page.fill(`${another} input`, 'two words');
    expect(await page.locator(`${another} button:has-text("Limit it")`).isDisabled()).toBe(true);
    await page.fill(`${another} input`, 'warehouse');
    await page.click(`${another} button:has-text("Limit it")`);
    await page.fill('dialog input[type=number]', '0');
    await page.waitForSelector('dialog .field-problem:has-text("A whole number from 1")');
    expect(await page.locator('dialog button[type=submit]').isDisabled()).toBe(true);
    await page.fill('dialog input[type=number]', '2');
    await page.fill('dialog input[type=text] >> nth=1', 'two ramps');
    await page.click('dialog button:has-text("Set the limit")');
    const row = page.locator('tr', { hasText: 'warehouse' });
    await row.locator('text=0 of 2').waitFor();
    const task = (taskName: string) => ({ ...long('').tasks[0]!, taskName, pool: 'warehouse' });
    const { dagId } = await stack.api.submit({ dagName: 'loads', tasks: ['load-1', 'load-2', 'load-3'].map(task) });
    await row.locator('[data-status=FULL]').waitFor();
    await row.locator('text=2 of 2 – full').waitFor();
    await page.click('a:has-text("warehouse")');
    await page.waitForSelector('dialog [aria-label="Table: What runs in it"] tbody tr >> nth=1');
    await page.waitForSelector('dialog [aria-label="Table: What waits"] tbody tr');
    await picture(page, 'pool');
    await page.click('dialog [data-action=limit]');
    await page.fill('dialog input[type=number]', '3');
    await page.click('dialog button:has-text("Set the limit")');
    await page.waitForSelector('dialog >> text=3 of 3 – full');
    await page.keyboard.press('Escape');
    await page.click('[aria-label="Pause: warehouse"]');
    await page.fill('dialog input[type=text] >> nth=1', 'stocktaking');
    await page.click('dialog button:has-text("Pause it")');
    await row.locator('[data-status=PAUSED]').waitFor();
    await row.locator('text=stocktaking').waitFor();
    expect(await stack.api.gates()).toMatchObject([{ scope: 'pool', name: 'warehouse', reason: 'stocktaking' }]);
    await open('/', '.kept-back:has-text("stocktaking")');
    await page.click('.kept-back a:has-text("Pools")');
    await page.click('[aria-label="Resume: warehouse"]');
    await page.click('dialog button:has-text("Resume")');
    await row.locator('[data-status=FULL]').waitFor();
    await page.click('[aria-label="Remove limit: warehouse"]');
    await page.click('dialog button:has-text("Remove it")');
    await row.locator('text=no limit').waitFor();
    expect(await stack.api.pools()).toMatchObject([{ name: 'warehouse', limit: null, gate: null }]);
    await stack.api.cancel(dagId);
    await page.waitForSelector('.notice:has-text("No task is in a pool.")');
  });
});

describe('schedules', () => {
  test('one is made with its times in sight, fired, paused, resumed and removed', async () => {
    await open('/schedules', '.notice:has-text("Nothing is scheduled")');
    await page.click('.page-actions a');
    await page.fill('.form-row input >> nth=0', '0 25 * * *');
    await page.waitForSelector('.verdict:has-text("the hour has \\"25\\"")');
    expect(await page.locator('.page-actions .button-main').isDisabled()).toBe(true);
    await page.fill('.form-row input >> nth=0', '30 6 * * MON-FRI');
    await page.selectOption('select >> nth=0', 'America/New_York');
    await page.waitForSelector('th:has-text("America/New_York")');
    expect(await page.locator('[aria-label="Table: Next times"] tbody tr').count()).toBe(5);
    await page.fill('.form-row input >> nth=1', 'Weekday import');
    await page.click('.page-actions .button-main:not([disabled])');
    await page.waitForSelector('h1:has-text("Weekday import")');
    await page.click('[aria-label="Fire Weekday import"]');
    await page.click('dialog button:has-text("Fire it")');
    await page.waitForSelector('tbody tr:has-text("by hand") [data-status=SUBMITTED]');
    await page.waitForSelector('tbody tr:has-text("by hand") [data-status=COMPLETED]');
    expect(await violationsOf(page)).toEqual([]);
    await picture(page, 'schedule');
    await page.click('[aria-label="Pause Weekday import"]');
    await page.click('dialog button:has-text("Pause it")');
    await page.waitForSelector('text=It is paused: its times pass.');
    await page.click('[aria-label="Resume Weekday import"]');
    await page.click('dialog button:has-text("Resume it")');
    await page.waitForSelector('.card-head [data-status=ACTIVE]');
    await page.click('[aria-label="Remove Weekday import"]');
    await page.click('dialog button:has-text("Remove it")');
    await page.waitForSelector('.notice:has-text("Nothing is scheduled")');
    expect((await stack.api.schedules()).items).toEqual([]);
  });
});

const NAMES = ['Orders', 'Customers', 'Invoices', 'Stock', 'Prices', 'Returns', 'Shipments', 'Reviews', 'Payments', 'Partners'];

/** The pages have something to show by then. */
describe('each page', () => {
  beforeAll(async () => {
    const { dagId } = await stack.api.submit(failing);
    await stack.api.wait(dagId);
    const crons = ['*/15 * * * *', '30 6 * * MON-FRI', '0 0 1 * *'];
    const schedules = await Promise.all(
      crons.map((cron, i) =>
        stack.api.createSchedule({ name: NAMES[i]!, cron, timeZone: 'Europe/Berlin', dag: { ...pipeline, dagName: `${NAMES[i]!} by the clock` } }),
      ),
    );
    await stack.api.pauseSchedule(schedules[2]!.scheduleId);
    await stack.api.triggerSchedule(schedules[0]!.scheduleId);
    await stack.api.setLimit({ scope: 'pool', name: 'warehouse' }, { maxRunning: 2 }, { by: 'Ada', reason: 'two ramps' });
    await stack.api.setLimit({ scope: 'pool', name: 'archive' }, { maxRunning: 10 });
    await stack.api.setLimit({ scope: 'rate', name: 'partner' }, { perSecond: 5, burst: 10 }, { reason: 'as agreed' });
    await stack.api.pauseGate({ scope: 'pool', name: 'mail' }, { by: 'Grace', reason: 'the mail server is moved' });
    const load = (i: number) => ({ ...long('').tasks[0]!, taskName: `load-${i}`, pool: 'warehouse' });
    await stack.api.submit({ dagName: 'Warehouse', tasks: [1, 2, 3, 4].map(load) });
    const slow = (dagName: string): DagSubmission => ({
      ...pipeline,
      dagName,
      tags: ['etl'],
      simulate: { durationMs: [2_000, 6_000], failureRate: 0.05 },
    });
    await Promise.all(NAMES.map((name) => stack.api.submit(slow(name))));
  });

  test.each(['light', 'dark'] as const)(
    'has nothing that axe finds wrong, %s',
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme });
      for (const [name, path, there] of PAGES) {
        await open(path, there);
        expect([name, ...(await violationsOf(page))]).toEqual([name]);
        await picture(page, `${name}-${colorScheme}`);
      }
      await page.emulateMedia({ colorScheme: 'light' });
    },
    PAGES_MS,
  );

  test(
    'fits a phone, and its menu leads everywhere',
    async () => {
      const phone = await openPage(browser, ON_A_PHONE);
      for (const [name, path, there] of PAGES) {
        await phone.page.goto(`${stack.url}${path}`);
        await phone.page.waitForSelector(there);
        const wider = await phone.page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
        expect([name, wider]).toEqual([name, 0]);
        expect([name, ...(await violationsOf(phone.page))]).toEqual([name]);
        await picture(phone.page, `${name}-phone`);
      }
      await phone.page.click('.menu-button');
      await phone.page.click('.nav-link:has-text("Workers")');
      await phone.page.waitForSelector('h1:has-text("Workers")');
      expect(phone.complaints).toEqual([]);
      await phone.page.close();
    },
    PAGES_MS,
  );

  test('says so where the scheduler is not reached', async () => {
    await open('/dags', '[data-connection=live]');
    await stack.scheduler.terminate();
    await page.waitForSelector('[data-connection="cut off"]');
    await page.waitForSelector('.notice-bad:has-text("can’t be reached")');
    await picture(page, 'unreachable');
    await page.close();
    // Browsers tell of requests that nobody answered.
    opened.complaints.length = 0;
  });
});
