/** What a worker loads, and what idle processes take: a hundred of them stand on one machine. */
import { execFileSync } from 'node:child_process';
import { memoryOf } from '../../bench/proc';
import { projectRoot } from '../harness/processes';
import { startRealStack } from '../harness/stacks';
import { until } from '../harness/until';

/** What takes most of the memory of a process that schedules. */
const HEAVY = ['ajv', 'class-transformer', 'class-validator', 'pg', 'swagger-ui-dist', 'typeorm'];

const packagesLoadedBy = (role: string): string[] => {
  const program = `require('./dist/roles/${role}.js'); process.stdout.write(JSON.stringify(Object.keys(require.cache)))`;
  const files = JSON.parse(execFileSync(process.execPath, ['-e', program], { cwd: projectRoot, encoding: 'utf8' })) as string[];
  return [...new Set(files.flatMap((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []))];
};

test('a worker loads neither the database nor what reads submissions', () => {
  expect(HEAVY.filter((name) => packagesLoadedBy('worker').includes(name))).toEqual([]);
  expect(packagesLoadedBy('scheduler')).toEqual(expect.arrayContaining(['ajv', 'class-validator', 'pg', 'typeorm']));
});

test('what starting leaves behind is gone soon', async () => {
  const { scheduler, workers } = await startRealStack({ workers: 1 });
  const becomesLess = (pid: number, megabytes: number) =>
    until(() => memoryOf(pid)! < megabytes, { what: `a process to have less than ${String(megabytes)} MB`, timeoutMs: 20_000 });
  // It had 144 MB for as long as nobody watched.
  await becomesLess(scheduler.pid, 130);
  // V8 looks at each of its two isolates some eight seconds after they fell silent; it had 137 MB for half a minute.
  await becomesLess(workers[0]!.pid, 100);
});
