/** One task, a worker that dies, and a graph that changes, as whoever looks on meets them: nothing here reloads the page. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { DagSubmission, TaskSubmission } from '../../src/sdk';
import { type Opened, openPage, picture, startChromium, violationsOf } from '../harness/chromium';
import { projectRoot } from '../harness/processes';
import { type RealStack, startRealStack } from '../harness/stacks';
import { until } from '../harness/until';

const TIMEOUT_MS = 25_000;
const HANDLERS = JSON.stringify([{ type: 'STEPS', module: path.join(projectRoot, 'test/browser/steps.mjs'), isolation: 'none' }]);

jest.setTimeout(60_000);

let stack: RealStack;
let browser: Browser;
let page: Page;
let opened: Opened;

beforeAll(async () => {
  const settings = { workers: 2, env: { WORKER_HANDLERS: HANDLERS }, workerEnv: { WORKER_CONCURRENCY: '4' } };
  [stack, browser] = await Promise.all([startRealStack(settings), startChromium()]);
  opened = await openPage(browser);
  ({ page } = opened);
  page.setDefaultTimeout(TIMEOUT_MS);
}, 120_000);

afterEach(() => {
  // A browser tells of each answer that isn't a success: a wrong field is one.
  expect(opened.complaints.filter((text) => !text.includes('status of 400') && !text.includes('status of 422'))).toEqual([]);
});

const steps = (taskName: string, payload: object, more: Partial<TaskSubmission> = {}): TaskSubmission => ({
  ...{ taskName, type: 'STEPS', payload, maxRetries: 0 },
  ...more,
});
const walk = steps('walk', { steps: 2_000, ms: 300 });
const after = steps('after', { steps: 1, ms: 1 }, { dependencies: ['walk'] });

const show = async (submission: DagSubmission, task = ''): Promise<string> => {
  const { dagId } = await stack.api.submit(submission);
  await page.goto(`${stack.url}/dags/${dagId}?task=${task}`);
  return dagId;
};
const taskOf = async (dagId: string, name: string) => {
  const found = (await stack.api.tasks(dagId)).find(({ taskName }) => taskName === name)!;
  return stack.api.task(found.taskId);
};
const act = async (action: string): Promise<void> => {
  await page.click(`.panel [data-action=${action}]`);
};
const agree = async (): Promise<void> => {
  await page.click('dialog button[type=submit]');
  await page.waitForSelector('dialog', { state: 'detached' });
};

describe('a task that runs', () => {
  test('tells what it says, how far it is and what it kept, as it goes; its log is searched and kept', async () => {
    await show({ dagName: 'nightly-walk', tasks: [walk, after] }, 'walk');
    await page.waitForSelector('.log-line:has-text("step 3 of")');
    await page.waitForSelector('.log-live');
    await page.waitForSelector('[aria-label="Checkpoint"]:has-text(\'"left": 199\')');
    const seen = await page.locator('.log-line').count();
    await page.waitForSelector(`.log-line >> nth=${seen}`);
    await until(() => page.evaluate<boolean>('document.querySelector("progress")?.value > 0'), { what: 'progress' });
    await picture(page, 'task-live');
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('a[download]')]);
    expect(readFileSync(await download.path(), 'utf8')).toMatch(/INFO +\[1 worker-\d\] step 0 of 2000 \{"step":0\}/);
    await page.fill('[aria-label="Search the log"]', 'step 2 of');
    await page.keyboard.press('Enter');
    await until(async () => (await page.locator('.log-line').count()) === 1, { what: 'the one line that fits' });
    expect(await violationsOf(page)).toEqual([]);
    await page.click('.box:has-text("after")');
    await page.waitForSelector('.panel:has-text("It has logged nothing.")');
    await page.waitForSelector('.condition:has-text("It waits for walk (running)")');
  });
});

describe('what is asked of a task', () => {
  test('a retry gets another payload, a hold an end, a mark its result; what is not possible says why', async () => {
    const dagId = await show({ dagName: 'asked', tasks: [steps('import', { broken: true }), steps('other', { steps: 9_000, ms: 300 })] }, 'import');
    await page.waitForSelector('.explanation:has-text("It gave up after 1 attempt: the partner answers 500.")');
    await page.click('.panel .withheld summary');
    await page.waitForSelector('.withheld-list div:has(dt:text-is("Release")) >> text=It isn’t held by hand.');
    await page.click('.explanation button:has-text("Try it again")');
    await page.fill('dialog textarea', '{ "steps": ');
    expect(await page.locator('dialog button[type=submit]').isDisabled()).toBe(true);
    await page.fill('dialog textarea', '{ "steps": 1, "ms": 1 }');
    await picture(page, 'retry-payload');
    expect(await violationsOf(page)).toEqual([]);
    await agree();
    await page.waitForSelector('.panel-head [data-status=COMPLETED]');
    expect(await taskOf(dagId, 'import')).toMatchObject({ payload: { steps: 1, ms: 1 }, result: { steps: 1 } });

    await page.click('.box:has-text("other")');
    await page.waitForSelector('.panel-head [data-status=RUNNING]');
    await act('hold');
    await page.fill('dialog input[type=datetime-local]', '2040-05-06T07:08');
    await page.fill('dialog input[type=text] >> nth=1', 'month end');
    await agree();
    await page.waitForSelector('.condition[data-code=HELD]:has-text("month end") time');
    expect((await taskOf(dagId, 'other')) as object).toMatchObject({
      status: 'PENDING',
      reason: { code: 'HELD', message: 'month end', resumeAt: new Date('2040-05-06T07:08').toISOString() },
    });
    await act('mark-completed');
    await page.fill('dialog textarea', '{ "rows": 7 }');
    await agree();
    await page.waitForSelector('[aria-label="Result"]:has-text("7")');
    expect(await taskOf(dagId, 'other')).toMatchObject({ status: 'COMPLETED', result: { rows: 7 } });
  });
});

describe('a task that requires approval', () => {
  test('says in the graph, the timeline and its panel that it waits for a person, and goes on when it is approved', async () => {
    const build = steps('build', { steps: 1, ms: 1 });
    const deploy = steps('deploy', { steps: 1, ms: 1 }, { dependencies: ['build'], requiresApproval: true });
    const dagId = await show({ dagName: 'release', tasks: [build, deploy] }, 'deploy');
    // Its page was open before it had to be asked for.
    await page.waitForSelector('.box[data-status=AWAITING_APPROVAL] .hidden:has-text("waits for approval")', { state: 'attached' });
    await page.waitForSelector('.panel-head [data-status=AWAITING_APPROVAL]:has-text("waits for approval")');
    await page.waitForSelector('.condition[data-code=AWAITING_APPROVAL]:has-text("It waits for approval since") time');
    await page.click('#tab-timeline');
    await page.waitForSelector('.lanes-bars title:has-text("deploy: waits for approval for ")', { state: 'attached' });
    expect(await violationsOf(page)).toEqual([]);
    await page.click('.explanation button:has-text("Approve the task")');
    await page.fill('dialog input[type=text] >> nth=1', 'tests are green');
    await agree();
    await page.waitForSelector('.panel-head [data-status=COMPLETED]');
    const { items } = await stack.api.events(dagId);
    expect(items.map(({ kind, taskName, message }) => [kind, taskName, message])).toEqual([
      ['task.awaitsApproval', 'deploy', null],
      ['approve', 'deploy', 'tests are green'],
    ]);
  });
});

describe('a graph that is changed', () => {
  test('is shown as it is then; what was written wrong is refused in its dialog, with the reason', async () => {
    await show({ dagName: 'changed', tasks: [walk, after] });
    await page.waitForSelector('.box:has-text("after")');
    await page.click('.page-actions [data-action=edit]');
    const late = { taskName: 'late-check', type: 'STEPZ', dependencies: ['walk'] };
    await page.fill('dialog textarea >> nth=0', JSON.stringify([late]));
    await page.click('dialog button[type=submit]');
    await page.waitForSelector('dialog .refused:has-text("STEPZ")');
    await page.fill('dialog textarea >> nth=0', JSON.stringify([{ ...late, type: 'STEPS' }]));
    await page.fill('dialog textarea >> nth=1', JSON.stringify([{ ...after, dependencies: ['late-check'] }]));
    await picture(page, 'change-graph');
    await agree();
    await page.waitForSelector('.box:has-text("late-check")');
    await page.click('.box:has-text("after")');
    await page.waitForSelector('.condition[data-code=DEPENDENCIES_UNFINISHED] >> text=It waits for late-check');
  });

  test('a DAG that is deleted leaves the list, and its page says so', async () => {
    const { dagId } = await stack.api.submit({ dagName: 'short-lived', tasks: [steps('one', { steps: 1, ms: 1 })] });
    await stack.api.wait(dagId);
    const list = await openPage(browser);
    await list.page.goto(`${stack.url}/dags?name=short-lived`);
    await list.page.waitForSelector('[data-connection=live]');
    const row = list.page.locator('tr', { hasText: 'short-lived' });
    await row.waitFor();
    await page.goto(`${stack.url}/dags/${dagId}`);
    await page.waitForSelector('[data-connection=live]');
    await page.waitForSelector('.box:has-text("one")');
    await stack.api.deleteDag(dagId);
    await page.waitForSelector('.notice:has-text("This DAG was deleted.")');
    await row.waitFor({ state: 'detached' });
    expect(list.complaints).toEqual([]);
    await list.page.close();
  });
});

const elsewhereThan = async (workerId: string, dagId: string) =>
  [await taskOf(dagId, 'walk')].find((task) => task.status === 'RUNNING' && task.workerId !== workerId);

describe('a worker', () => {
  test('that is killed is shown as lost within five seconds, and its task goes on from where it was', async () => {
    const { dagId } = await stack.api.submit({ dagName: 'survives', tasks: [steps('walk', { steps: 9_000, ms: 100 }, { maxRetries: 2 })] });
    await page.goto(`${stack.url}/workers`);
    await page.waitForSelector('[data-connection=live]');
    const { workerId } = await until(async () => [await taskOf(dagId, 'walk')].find(({ checkpoint }) => checkpoint !== null), {
      what: 'a checkpoint',
    });
    const row = page.locator('tr', { hasText: workerId! });
    await page.click(`a:has-text("${workerId!}")`);
    await page.waitForSelector('dialog td:has-text("walk")');
    await picture(page, 'worker');
    expect(await violationsOf(page)).toEqual([]);
    await page.keyboard.press('Escape');
    const killed = stack.workers[Number(workerId!.slice(-1)) - 1]!;
    const killedAt = performance.now();
    await killed.kill();
    await row.locator('[data-status=LOST]').waitFor({ timeout: 5_000 });
    expect(performance.now() - killedAt).toBeLessThan(5_000);
    await picture(page, 'worker-lost');
    const { taskId } = await until(() => elsewhereThan(workerId!, dagId), { what: 'the task to run elsewhere' });
    await page.goto(`${stack.url}/tasks/${taskId}`);
    await page.waitForSelector('.log-line');
    // The first line on the page may still be of the worker that was killed.
    const elsewhere = await until(async () => (await stack.api.logs(taskId)).items.find(({ worker }) => worker !== workerId), {
      what: 'a line of the other worker',
    });
    expect(Number(/step (\d+) of/.exec(elsewhere.text)![1])).toBeGreaterThan(0);
    await page.waitForSelector('[aria-label="Checkpoint"]');
  });
});
