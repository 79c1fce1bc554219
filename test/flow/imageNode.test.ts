import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot, type RunningRole } from '../harness/processes';
import { flawless, prove, runAll } from '../harness/proof';
import { examples } from '../harness/recordedWorkflows';
import { startRealStack, startStandalone } from '../harness/stacks';

const folder = path.join(projectRoot, 'test/lts');
const node = path.join(folder, `node_modules/node-${process.platform}-${process.arch}/bin/node`);

beforeAll(() => {
  if (!existsSync(node)) execFileSync('npm', ['install', '--no-package-lock', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'pipe' });
}, 120_000);

test('the Node version under test is the image’s', () => {
  const image = /^FROM node:(\d+)-slim$/m.exec(readFileSync(path.join(projectRoot, 'Dockerfile'), 'utf8'))?.[1];
  expect(execFileSync(node, ['--version'], { encoding: 'utf8' })).toMatch(new RegExp(`^v${image}\\.`));
});

/** Nothing was said but in the log, which tells warnings and worse. */
const expectQuiet = (roles: readonly RunningRole[]): void => {
  for (const role of roles) expect(role.output()).toBe('');
};

test('the distributed system runs on it without a warning', async () => {
  const stack = await startRealStack({ node, workers: 2 });
  const ran = await runAll(stack, examples());
  expect(await prove(stack, ran)).toEqual(flawless(examples()));
  expectQuiet([stack.scheduler, ...stack.workers]);
}, 90_000);

test('standalone runs on it without a warning', async () => {
  const stack = await startStandalone({ node });
  const ran = await runAll(stack, examples());
  expect(await prove(stack, ran)).toEqual(flawless(examples()));
  expectQuiet([stack.role]);
}, 90_000);
