/** Every dialog that a page opens: by the keyboard, light, dark and on a phone, with the focus given back at its end. */
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { TaskSubmission } from '../../src/sdk';
import { openPage, startChromium, wrongInEachLook } from '../harness/chromium';
import { projectRoot } from '../harness/processes';
import { type Standalone, startStandalone } from '../harness/stacks';
import { until } from '../harness/until';

const TIMEOUT_MS = 15_000;
const HANDLERS = JSON.stringify([{ type: 'STEPS', module: path.join(projectRoot, 'test/browser/steps.mjs'), isolation: 'none' }]);

jest.setTimeout(120_000);

let stack: Standalone;
let browser: Browser;
let page: Page;
let complaints: string[];
/** Paths of what there is, by what it is. */
const places: Record<string, string> = {};

const steps = (taskName: string, payload: object, more: Partial<TaskSubmission> = {}): TaskSubmission => ({
  ...{ taskName, type: 'STEPS', payload, maxRetries: 0 },
  ...more,
});
const runs = steps('runs', { steps: 9_000, ms: 500 }, { pool: 'loaders' });

const submit = async (dagName: string, tasks: TaskSubmission[]): Promise<string> => (await stack.api.submit({ dagName, tasks })).dagId;
const taskOf = async (dagId: string, name: string) => (await stack.api.tasks(dagId)).find(({ taskName }) => taskName === name)!;

beforeAll(async () => {
  [stack, browser] = await Promise.all([startStandalone({ env: { WORKER_HANDLERS: HANDLERS, WORKER_ID: 'worker-1' } }), startChromium()]);
  ({ page, complaints } = await openPage(browser));
  page.setDefaultTimeout(TIMEOUT_MS);
  const [live, paused, failed] = await Promise.all([
    submit('live', [runs, steps('held', { steps: 1, ms: 1 }, { dependencies: ['runs'] })]),
    submit('paused', [steps('waits', { steps: 9_000, ms: 500 })]),
    submit('over', [steps('broken', { broken: true })]),
  ]);
  await stack.api.wait(failed);
  await until(async () => (await taskOf(live, 'runs')).status === 'RUNNING', { what: 'a task that runs' });
  const held = await taskOf(live, 'held');
  await stack.api.holdTask(held.taskId);
  await stack.api.pause(paused);
  await stack.api.setLimit({ scope: 'pool', name: 'loaders' }, { maxRunning: 1 });
  await stack.api.setLimit({ scope: 'rate', name: 'partner' }, { perSecond: 5 });
  await stack.api.pauseGate({ scope: 'pool', name: 'mail' });
  await stack.api.pauseGate({ scope: 'type', name: 'NOTIFICATION' });
  const dag = { dagName: 'by the clock', tasks: [steps('one', { steps: 1, ms: 1 })] };
  const schedules = await Promise.all([
    stack.api.createSchedule({ name: 'active', cron: '0 0 1 1 *', dag }),
    stack.api.createSchedule({ name: 'resting', cron: '0 0 1 1 *', dag }),
  ]);
  await stack.api.pauseSchedule(schedules[1].scheduleId);
  const letters = await until(
    async () => {
      const { items } = await stack.api.deadLetters();
      return items.length > 0 ? items : undefined;
    },
    { what: 'a dead letter' },
  );
  Object.assign(places, {
    live: `/dags/${live}`,
    'task that runs': `/dags/${live}?task=runs`,
    'task that is held': `/dags/${live}?task=held`,
    paused: `/dags/${paused}`,
    over: `/dags/${failed}`,
    'task that failed': `/tasks/${(await taskOf(failed, 'broken')).taskId}`,
    schedules: '/schedules',
    schedule: `/schedules/${schedules[0].scheduleId}`,
    workers: '/workers',
    'a worker': '/workers?worker=worker-1',
    letters: '/dead-letters',
    'a letter': `/dead-letters?letter=${letters[0]!.letterId}`,
    pools: '/pools',
    limits: '/limits',
    dags: '/dags',
  });
}, 120_000);

afterEach(() => {
  expect(complaints).toEqual([]);
});

const focused = (selector: string): Promise<boolean> => page.evaluate(`document.activeElement?.matches(${JSON.stringify(selector)}) === true`);

/** Opens a dialog by its button and Enter, looks at it in every look, and closes it with Escape. */
const lookInto = async (opener: string): Promise<string[]> => {
  await page.focus(opener);
  await page.keyboard.press('Enter');
  await page.waitForSelector('dialog[open]');
  expect([opener, await focused('dialog[open] *')]).toEqual([opener, true]);
  const wrong = await wrongInEachLook(page, 'dialog[open]');
  const open = await page.locator('dialog[open]').count();
  await page.keyboard.press('Escape');
  await until(async () => (await page.locator('dialog[open]').count()) === open - 1, { what: `the dialog of ${opener} to close` });
  expect([opener, await focused(opener)]).toEqual([opener, true]);
  return wrong.map((line) => `${opener}: ${line}`);
};

const action = (key: string): string => `[data-action=${key}]`;
const ofTask = (key: string): string => `.panel ${action(key)}`;
const named = (label: string): string => `[aria-label="${label}"]`;

const DIALOGS: readonly (readonly [string, readonly string[]])[] = [
  ['live', ['pause', 'drain', 'cancel', 'edit'].map(action)],
  ['task that runs', ['hold', 'skip', 'mark-completed', 'mark-failed', 'cancel'].map(ofTask)],
  ['task that is held', [ofTask('release'), '.explanation button']],
  ['paused', [action('resume')]],
  ['over', ['retry', 'rerun', 'delete'].map(action)],
  ['task that failed', ['retry', 'rerun', 'mark-completed'].map(action)],
  ['schedules', [named('Fire active'), named('Pause active'), named('Resume resting'), named('Remove active')]],
  ['schedule', [named('Pause active')]],
  ['workers', ['tbody a', ...['Hold', 'Drain', 'Remove'].map((verb) => `[aria-label^="${verb} "]`)]],
  ['letters', [named('Look into broken'), '.page-actions button:first-child', '.page-actions button:last-child']],
  ['a letter', ['dialog .dialog-buttons button:first-child', 'dialog .button-main']],
  ['pools', ['tbody a', ...['Change limit: loaders', 'Remove limit: loaders', 'Pause: loaders', 'Resume: mail'].map(named)]],
  ['limits', [named('Resume tasks of type NOTIFICATION'), named('Remove the limit of partner')]],
];

test.each(DIALOGS)('of %s: %j', async (place, openers) => {
  await page.goto(`${stack.url}${places[place]!}`);
  const wrong: string[] = [];
  for (const opener of openers) {
    await page.waitForSelector(opener);
    wrong.push(...(await lookInto(opener)));
  }
  expect(wrong).toEqual([]);
});

test('of forms: what is limited, paused and done to many', async () => {
  const wrong: string[] = [];
  await page.goto(`${stack.url}/limits`);
  await page.fill('form[aria-label=Pause] input[type=text]', 'API_CALL');
  wrong.push(...(await lookInto('form[aria-label=Pause] button')));
  await page.fill('form[aria-label=Limit] input[type=text]', 'API_CALL');
  await page.fill('form[aria-label=Limit] input[type=number]', '3');
  wrong.push(...(await lookInto('form[aria-label=Limit] button')));
  await page.goto(`${stack.url}/pools`);
  await page.fill('[aria-label="Another pool"] input', 'archive');
  for (const nth of [1, 2]) wrong.push(...(await lookInto(`[aria-label="Another pool"] button:nth-of-type(${nth})`)));
  await page.goto(`${stack.url}/dags`);
  await page.check('[aria-label="Choose all that are shown"]');
  for (const verb of ['Pause', 'Resume', 'Cancel', 'Retry failed', 'Rerun', 'Delete']) {
    const nth = ['Pause', 'Resume', 'Cancel', 'Retry failed', 'Rerun', 'Delete'].indexOf(verb) + 1;
    wrong.push(...(await lookInto(`.bulk button:nth-of-type(${nth})`)));
  }
  expect(wrong).toEqual([]);
});

test('the one that was refused says why, and nothing is wrong with it either', async () => {
  await page.goto(`${stack.url}${places['live']!}`);
  await page.click(action('edit'));
  await page.fill('dialog textarea >> nth=0', '[{ "taskName": "late", "type": "STEPZ", "dependencies": ["runs"] }]');
  await page.click('dialog button[type=submit]');
  await page.waitForSelector('dialog .refused:has-text("STEPZ")');
  expect(await wrongInEachLook(page, 'dialog[open]')).toEqual([]);
  await page.fill('dialog textarea >> nth=0', '[{');
  expect(await wrongInEachLook(page, 'dialog[open]')).toEqual([]);
  await page.keyboard.press('Escape');
  // A browser tells of each answer that isn't a success.
  expect(
    complaints.splice(0).every((text) => text.includes('status of 404') || text.includes('status of 422') || text.includes('status of 400')),
  ).toBe(true);
});

describe('the focus is never lost', () => {
  test('where the button that was pressed goes away', async () => {
    await page.goto(`${stack.url}/pools`);
    await page.focus(named('Resume: mail'));
    await page.keyboard.press('Enter');
    await page.click('dialog button[type=submit]');
    // Without a pause and a limit it is no pool any more: its row goes.
    await page.waitForSelector(named('Resume: mail'), { state: 'detached' });
    await until(() => focused('[aria-label="Table: Pools"]'), { what: 'the table to have the focus' });
  });

  test('where the panel of a task is closed', async () => {
    await page.goto(`${stack.url}${places['live']!}`);
    await page.focus('.box:has-text("runs")');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.panel:focus');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.panel', { state: 'detached' });
    await until(() => focused('.box'), { what: 'the box of the task to have the focus' });
  });

  test('where a link leads to another page', async () => {
    await page.goto(`${stack.url}/dags`);
    await page.focus('tbody a');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.dag-header');
    await until(() => focused('main'), { what: 'the page to have the focus' });
  });
});
