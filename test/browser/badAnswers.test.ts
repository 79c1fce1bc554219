/** What the pages do where answers are lost, late or refused, and what they hear that isn't said of what they show. */
import type { Browser, Page } from 'playwright-core';
import sample from '../../sample-dag.json';
import type { TaskSubmission } from '../../src/sdk';
import { type Opened, openPage, startChromium, violationsOf } from '../harness/chromium';
import { type Standalone, startStandalone } from '../harness/stacks';
import { until } from '../harness/until';

const TIMEOUT_MS = 20_000;

jest.setTimeout(90_000);

let stack: Standalone;
let browser: Browser;
let page: Page;
let opened: Opened;

beforeAll(async () => {
  [stack, browser] = await Promise.all([startStandalone(), startChromium()]);
  opened = await openPage(browser);
  ({ page } = opened);
  page.setDefaultTimeout(TIMEOUT_MS);
}, 120_000);

afterEach(async () => {
  await page.unrouteAll();
  // A browser tells of each answer that isn't a success, and of those that don't come.
  expect(opened.complaints.splice(0).filter((text) => !text.includes('status of') && !text.includes('ERR_FAILED'))).toEqual([]);
});

const task = (taskName: string, durationMs = 20, more: Partial<TaskSubmission> = {}): TaskSubmission => ({
  ...{ taskName, type: 'DATA_PROCESSING', maxRetries: 0, simulate: { durationMs, failureRate: 0 } },
  ...more,
});
const ENDLESS_MS = 600_000;
const broken = task('broken', 20, { simulate: { durationMs: 20, failureRate: 1 } });

const submit = async (dagName: string, tasks: TaskSubmission[]): Promise<string> => (await stack.api.submit({ dagName, tasks })).dagId;
const taskOf = async (dagId: string, name: string) => (await stack.api.tasks(dagId)).find(({ taskName }) => taskName === name)!;
const open = async (address: string, there: string): Promise<void> => {
  await page.goto(`${stack.url}${address}`);
  await page.waitForSelector(there);
};

/** The next request of an address is carried out, and its answer lost. */
const loseAnswer = (address: RegExp): Promise<unknown> =>
  page.route(
    address,
    async (route) => {
      await route.fetch();
      await route.abort();
    },
    { times: 1 },
  );

/** Requests of an address are refused, until what is done here is over. */
const whileRefused = async (address: RegExp, done: () => Promise<unknown>): Promise<void> => {
  await page.route(address, (route) => route.fulfill({ status: 503, contentType: 'application/json', body: '{"title":"Away for a while"}' }));
  await done();
  await page.unroute(address);
};
const untilItTriesAgain = (): Promise<unknown> => page.waitForSelector('.notice-bad:has-text("The page tries again by itself.")');

describe('a command whose answer is lost', () => {
  test('a submission runs once, however often it is sent', async () => {
    await open('/submit', 'text=The scheduler would take it');
    await loseAnswer(/\/api\/v1\/dags$/);
    await page.click('.page-actions .button-main');
    await page.waitForSelector('.toast-bad:has-text("it won’t run twice")');
    await page.click('.page-actions .button-main');
    await page.waitForURL(/\/dags\/[0-9a-f-]{36}$/);
    expect((await stack.api.dags({ name: sample.dagName })).items).toHaveLength(1);
  });

  test('one that begins a DAG again is asked for once more, with the words that were given', async () => {
    const dagId = await submit('begun-again', [task('one')]);
    await stack.api.wait(dagId);
    await open(`/dags/${dagId}`, '[data-action=rerun]');
    await loseAnswer(/\/rerun$/);
    await page.click('[data-action=rerun]');
    await page.fill('dialog input[type=text] >> nth=1', 'new prices');
    await page.click('dialog button[type=submit]');
    await page.waitForSelector('dialog .refused:has-text("it won’t be done twice")');
    expect(await violationsOf(page)).toEqual([]);
    await page.click('dialog button[type=submit]');
    await page.waitForSelector('.toast:has-text("Begun again")');
    const { items } = await stack.api.events(dagId);
    expect(items.filter(({ kind }) => kind === 'rerun').map(({ message }) => message)).toEqual(['new prices']);
  });
});

test('what fails in a dialog is told in that dialog, and can be dismissed there', async () => {
  await stack.api.wait(await submit('broken-import', [broken]));
  await until(async () => (await stack.api.deadLetters()).items.length > 0, { what: 'a dead letter' });
  await open('/dead-letters?dagName=broken-import', 'tbody tr');
  await page.click('[aria-label="Look into broken"]');
  await page.waitForSelector('dialog .button-main');
  await whileRefused(/\/replay$/, async () => {
    await page.click('dialog .button-main');
    await page.click('dialog button:has-text("Replay it")');
    await page.waitForSelector('dialog .toast-bad:has-text("Away for a while")');
  });
  expect(await violationsOf(page)).toEqual([]);
  await page.click('dialog .toast-bad [aria-label=Dismiss]');
  await page.waitForSelector('.toast-bad', { state: 'detached' });
  expect(await page.evaluate<boolean>('document.activeElement?.closest("dialog") !== null')).toBe(true);
  await page.click('dialog .button-main');
  await page.click('dialog button:has-text("Replay it")');
  // The dialog is gone with what it was about: the page tells it.
  await page.waitForSelector('dialog', { state: 'detached' });
  await page.waitForSelector('.toast:has-text("broken runs again")');
});

describe('a read that is refused is tried again by itself', () => {
  test('of a list, while nothing happens that it would hear of', async () => {
    await whileRefused(/\/api\/v1\/dags[?]/, async () => {
      await open('/dags?name=begun', '[data-connection=live]');
      await untilItTriesAgain();
    });
    await page.waitForSelector('tr:has-text("begun-again")');
    await page.waitForSelector('.notice-bad', { state: 'detached' });
  });

  test('of a log', async () => {
    const dagId = await submit('logs', [task('one')]);
    await stack.api.wait(dagId);
    const { taskId } = await taskOf(dagId, 'one');
    await whileRefused(/\/logs[?]/, async () => {
      await open(`/tasks/${taskId}`, '.log-search');
      await untilItTriesAgain();
    });
    await page.waitForSelector('text=It has logged nothing.');
  });

  test('of what is written, and of times', async () => {
    await whileRefused(/\/dags\/validate$/, async () => {
      await open('/submit', 'text=It could not be checked.');
      await untilItTriesAgain();
    });
    await page.waitForSelector('text=The scheduler would take it');
    await whileRefused(/\/schedules\/preview[?]/, () => open('/schedules/new', 'text=The times could not be read.'));
    await page.waitForSelector('[aria-label="Table: Next times"] tbody tr');
  });
});

describe('the history of a DAG', () => {
  test('says where it could not be read, and hears what happens afterwards', async () => {
    const dagId = await submit('eventful', [task('long', ENDLESS_MS), task('after', 20, { dependencies: ['long'] })]);
    await whileRefused(/\/events[?]/, async () => {
      await open(`/dags/${dagId}?tab=history`, '[data-connection=live]');
      await untilItTriesAgain();
      expect(await page.locator('text=Nothing out of the ordinary').count()).toBe(0);
    });
    await page.waitForSelector('.notice:has-text("Nothing out of the ordinary has happened.")');
    await stack.api.holdTask((await taskOf(dagId, 'after')).taskId, { reason: 'month end' });
    await page.waitForSelector('td:has-text("month end")');
    await stack.api.cancel(dagId);
    await page.waitForSelector('td:has-text("cancel")');
  });

  test('is not read where it is not shown', async () => {
    const asked: string[] = [];
    const hear = (request: { url(): string }): void => {
      if (request.url().includes('/events?')) asked.push(request.url());
    };
    page.on('request', hear);
    const dagId = await submit('unread', [task('one')]);
    await open(`/dags/${dagId}`, '.dag-state [data-status=COMPLETED]');
    await page.click('#tab-tasks');
    await page.waitForSelector('td:has-text("one")');
    expect(asked).toEqual([]);
    await page.click('#tab-timeline');
    await page.waitForSelector('.gantt-running');
    await until(() => asked.length > 0, { what: 'the history to be read' });
    page.off('request', hear);
  });
});

test('the page of a task offers to resume its DAG as soon as that is paused', async () => {
  const dagId = await submit('to-be-paused', [task('long', ENDLESS_MS), task('after', 20, { dependencies: ['long'] })]);
  await open(`/tasks/${(await taskOf(dagId, 'after')).taskId}`, '.condition[data-code=DEPENDENCIES_UNFINISHED]');
  await page.waitForSelector('[data-connection=live]');
  await stack.api.pause(dagId);
  await page.click('.condition[data-code=DAG_PAUSED] button:has-text("Resume the DAG")');
  await page.click('dialog button[type=submit]');
  await page.waitForSelector('.condition[data-code=DAG_PAUSED]', { state: 'detached' });
  await stack.api.cancel(dagId);
});

test('a list of DAGs in a state lets go of one that leaves it', async () => {
  const [goes, stays] = await Promise.all([submit('leaves-1', [task('long', ENDLESS_MS)]), submit('leaves-2', [task('long', ENDLESS_MS)])]);
  await open('/dags?status=RUNNING&name=leaves', 'tr:has-text("leaves-2")');
  await page.waitForSelector('tr:has-text("leaves-1")');
  await page.waitForSelector('[data-connection=live]');
  await stack.api.cancel(goes);
  await page.waitForSelector('tr:has-text("leaves-1")', { state: 'detached', timeout: 5_000 });
  expect(await page.locator('tbody tr').count()).toBe(1);
  await stack.api.cancel(stays);
});

test('the year of a moment is typed digit by digit', async () => {
  const field = 'input[type=datetime-local] >> nth=0';
  await open('/dags', field);
  await page.fill(field, '2026-11-28T14:05');
  await page.focus(field);
  for (const key of ['Tab', 'Tab', '2', '0', '2', '7']) await page.keyboard.press(key);
  expect(await page.inputValue(field)).toBe('2027-11-28T14:05');
});
