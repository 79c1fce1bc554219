/** The page of a DAG, as whoever uses it meets it: in a browser, on a scheduler that runs. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { DagSubmission } from '../../src/sdk';
import { openPage, picture, startChromium, violationsOf } from '../harness/chromium';
import { atEnd } from '../harness/cleanup';
import { projectRoot } from '../harness/processes';
import { type Standalone, startStandalone } from '../harness/stacks';

const TIMEOUT_MS = 15_000;

let stack: Standalone;
let browser: Browser;
let page: Page;
let complaints: string[];
let mendedBy: string;

beforeAll(async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'page-'));
  atEnd(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  mendedBy = path.join(folder, 'mended');
  const handlers = [{ type: 'PARTNER', module: path.join(projectRoot, 'test/integration/breaksUntilMended.mjs'), isolation: 'none' }];
  [stack, browser] = await Promise.all([startStandalone({ env: { WORKER_HANDLERS: JSON.stringify(handlers) } }), startChromium()]);
  ({ page, complaints } = await openPage(browser));
  page.setDefaultTimeout(TIMEOUT_MS);
}, 120_000);

const quick = { durationMs: 20, failureRate: 0 };
const endless = { durationMs: 600_000, failureRate: 0 };
const type = 'DATA_PROCESSING';

const submit = async (submission: DagSubmission): Promise<string> => (await stack.api.submit(submission)).dagId;
const open = (dagId: string, query = ''): Promise<unknown> => page.goto(`${stack.url}/dags/${dagId}${query}`);
const submitAndOpen = async (submission: DagSubmission, query = ''): Promise<string> => {
  const dagId = await submit(submission);
  await open(dagId, query);
  return dagId;
};

/** The state of the DAG as its head shows it. */
const untilDag = (status: string): Promise<unknown> => page.waitForSelector(`.dag-state [data-status="${status}"]`);
const untilBox = (name: string, status: string): Promise<unknown> => page.waitForSelector(`.box[data-status="${status}"]:has-text("${name}")`);
const ask = async (action: string): Promise<void> => {
  await page.click(`[data-action="${action}"]`);
  await page.click('dialog button[type=submit]');
};

const fanOut = (size: number): DagSubmission => {
  const parts = Array.from({ length: size - 2 }, (_, i) => `part-${i + 1}`);
  const part = (taskName: string) => ({
    taskName,
    type,
    dependencies: ['split'],
    simulate: { durationMs: 1, failureRate: taskName === 'part-7' ? 1 : 0 },
    maxRetries: 0,
  });
  return {
    dagName: `fan-out of ${size}`,
    tasks: [
      { taskName: 'split', type, simulate: quick },
      ...parts.map(part),
      { taskName: 'merge', type, dependencies: parts, triggerRule: 'all_done', simulate: quick },
    ],
  };
};

const orders = (last = quick): DagSubmission => ({
  dagName: 'nightly-orders',
  description: 'Loads the orders of the day and tells the shops.',
  tags: ['etl'],
  tasks: [
    { taskName: 'extract-orders', type: 'DATABASE_OPERATION', payload: { table: 'orders' }, simulate: { durationMs: 300, failureRate: 0 } },
    { taskName: 'fetch-rates', type: 'API_CALL', simulate: { durationMs: 120, failureRate: 0 } },
    { taskName: 'join', type, dependencies: ['extract-orders', 'fetch-rates'], simulate: { durationMs: 250, failureRate: 0 } },
    {
      taskName: 'check-quality',
      type: 'PARTNER',
      payload: { mendedBy },
      dependencies: ['join'],
      maxRetries: 1,
      backoff: { type: 'fixed', initialMs: 300 },
    },
    { taskName: 'write-report', type: 'FILE_PROCESSING', dependencies: ['check-quality'], simulate: { durationMs: 150, failureRate: 0 } },
    { taskName: 'tell-shops', type: 'NOTIFICATION', dependencies: ['write-report'], simulate: last },
  ],
});

describe('the page of a DAG', () => {
  it('follows a failure live, tells why, and runs the failed task again', async () => {
    const dagId = await submitAndOpen(orders());
    await untilDag('FAILED');
    await untilBox('check-quality', 'FAILED');
    await untilBox('tell-shops', 'SKIPPED');
    await picture(page, 'dag-failed');
    await page.click('.box:has-text("check-quality")');
    await page.waitForSelector('.explanation:has-text("the partner answers 500")');
    expect(await page.locator('.attempt').count()).toBe(2);
    await picture(page, 'dag-task');
    writeFileSync(mendedBy, '');
    await page.click('.panel [data-action=retry]');
    await page.fill('dialog input[type=text] >> nth=1', 'the partner is back');
    await page.click('dialog button[type=submit]');
    await untilDag('COMPLETED');
    await page.click('[aria-label="Close the panel"]');
    await untilBox('tell-shops', 'COMPLETED');
    expect((await stack.api.tasks(dagId)).every(({ status }) => status === 'COMPLETED')).toBe(true);
    await page.click('#tab-history');
    await page.waitForSelector('td:has-text("the partner is back")');
  });

  it('cancels after asking, and says why something is refused', async () => {
    await submitAndOpen({
      dagName: 'to be cancelled',
      tasks: [
        { taskName: 'long', type, simulate: endless },
        { taskName: 'after', type, dependencies: ['long'], simulate: quick },
      ],
    });
    await untilBox('long', 'RUNNING');
    await page.click('.box:has-text("after")');
    await page.waitForSelector('.condition[data-code=DEPENDENCIES_UNFINISHED] >> text=It waits for long');
    await page.click('.page-actions [data-action=cancel]');
    await page.click('dialog button:has-text("Keep it as it is")');
    await untilBox('long', 'RUNNING');
    await ask('cancel');
    await untilDag('CANCELLED');
    await untilBox('after', 'CANCELLED');
    await page.click('.panel [data-action=retry]');
    await page.click('dialog button[type=submit]');
    await page.waitForSelector('.toast-bad:has-text("begin with that one")');
  });

  it('pauses and resumes, from the task that waits for it as well', async () => {
    await submitAndOpen({
      dagName: 'to be paused',
      tasks: [
        { taskName: 'first', type, simulate: { durationMs: 1500, failureRate: 0 } },
        { taskName: 'second', type, dependencies: ['first'], simulate: quick },
      ],
    });
    await ask('pause');
    await untilDag('PAUSED');
    await page.click('.box:has-text("second")');
    await page.click('.condition[data-code=DAG_PAUSED] button:has-text("Resume the DAG")');
    await page.click('dialog button[type=submit]');
    await untilDag('COMPLETED');
  });

  it('shows a thousand tasks as a few boxes, and each of them by the keyboard', async () => {
    await submitAndOpen(fanOut(1000));
    await untilDag('FAILED');
    await page.waitForSelector('.box-stack:has-text("×998")');
    expect(await page.locator('.box').count()).toBe(3);
    await picture(page, 'dag-1000');
    await page.focus('.box[data-box=t0]');
    await page.keyboard.press('ArrowRight');
    // The focus follows with the next drawing.
    await page.waitForSelector('.box:focus:has-text("×998")');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.tiles');
    await page.focus('.tiles');
    for (let i = 0; i < 6; i++) await page.keyboard.press('ArrowRight');
    expect(await page.getAttribute('.tiles', 'aria-label')).toMatch(/^part-7, failed: task 7 of 998/);
    await picture(page, 'dag-1000-open');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.panel h2:has-text("part-7")');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.panel', { state: 'detached' });
  });

  it('paints ten thousand tasks within two seconds', async () => {
    const dagId = await submit({
      ...fanOut(10_000),
      tasks: fanOut(10_000).tasks.map((task) => (task.taskName === 'split' ? { ...task, simulate: endless } : task)),
    });
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    const loads: { readonly paintedMs: number; readonly workMs: number }[] = [];
    for (let i = 0; i < 3; i++) {
      await open(dagId);
      await page.waitForSelector('.box-stack:has-text("×9,998")');
      const paintedMs = await page.evaluate(() => performance.now());
      const { metrics } = await session.send('Performance.getMetrics');
      loads.push({ paintedMs, workMs: 1000 * metrics.find(({ name }) => name === 'TaskDuration')!.value });
    }
    // The page's own work is the same on a busy machine; until it is painted, the scheduler and the browser get their share of the processors.
    expect(Math.min(...loads.map(({ workMs }) => workMs))).toBeLessThan(1000);
    expect(Math.min(...loads.map(({ paintedMs }) => paintedMs))).toBeLessThan(2000 * Math.max(1, loadavg()[0]! / availableParallelism()));
  });

  it('has views that fit a phone and that axe finds nothing wrong with, light and dark', async () => {
    await submit(orders());
    const dagId = await submitAndOpen(orders(endless));
    await untilBox('tell-shops', 'RUNNING');
    const wrong: string[] = [];
    for (const [tab, ready] of VIEWS) {
      await open(dagId, `?tab=${tab}&task=${tab === 'graph' ? 'join' : ''}`);
      await page.waitForSelector(ready);
      wrong.push(...(await violationsOf(page)).map((line) => `${tab}: ${line}`));
      await picture(page, `dag-${tab}`);
      await page.emulateMedia({ colorScheme: 'dark' });
      wrong.push(...(await violationsOf(page)).map((line) => `${tab}, dark: ${line}`));
      await picture(page, `dag-${tab}-dark`);
      await page.emulateMedia({ colorScheme: 'light' });
      await page.setViewportSize({ width: 390, height: 844 });
      const width = await page.evaluate<number>('document.documentElement.scrollWidth');
      if (width > 390) wrong.push(`${tab}: ${width} pixels wide on a phone`);
      if (tab === 'graph' || tab === 'timeline') await picture(page, `dag-${tab}-phone`);
      await page.setViewportSize({ width: 1360, height: 900 });
    }
    expect(wrong).toEqual([]);
  });

  it('has a page for each task', async () => {
    const answer = await fetch(`${stack.url}/api/v1/tasks?status=RUNNING&name=tell-shops`);
    const { items } = (await answer.json()) as { items: readonly { taskId: string }[] };
    await page.goto(`${stack.url}/tasks/${items[0]!.taskId}`);
    await page.waitForSelector('.explanation:has-text("It is running on")');
    expect(await violationsOf(page)).toEqual([]);
    await ask('mark-completed');
    await page.waitForSelector('main [data-status=COMPLETED]');
    await page.waitForSelector('main >> text=It has logged nothing');
    await picture(page, 'task');
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await violationsOf(page)).toEqual([]);
    await picture(page, 'task-dark');
    await page.emulateMedia({ colorScheme: 'light' });
  });

  it('complains about nothing', () => {
    // A refused command is an answer that the browser tells of.
    expect(complaints.filter((text) => !text.includes('status of 409'))).toEqual([]);
  });
});

/** Each view, and what is there once it is. */
const VIEWS = [
  ['graph', '.explanation p'],
  ['timeline', '.gantt-running'],
  ['tasks', 'td:has-text("tell-shops")'],
  ['history', '.scrubber-range'],
  ['runs', '.run-cell'],
  ['compare', '.delta'],
] as const;
