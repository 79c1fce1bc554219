/** How the cost of a task is measured: the processor time of processes, and the parts of a profile. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { metricsIn, workBetween } from '../../bench/cost/broker';
import { stagesIn } from '../../bench/cost/stages';
import { cpuOf, cpuOfFamily, listenerOn } from '../../bench/proc';

/** Until this process has had so much of a processor, however many others want one. */
const busyFor = (ms: number): void => {
  for (const begun = process.cpuUsage(); process.cpuUsage(begun).user < ms * 1000;);
};

test('processor time grows by what a process does, and that of its children counts for its family, also when they have ended', async () => {
  const [own, family] = [cpuOf(process.pid)!, cpuOfFamily(process.pid)];
  busyFor(100);
  expect(cpuOf(process.pid)! - own).toBeGreaterThanOrEqual(90);
  const before = cpuOf(process.pid)!;
  const child = spawn(process.execPath, ['-e', `(${busyFor.toString()})(200)`]);
  await once(child, 'exit');
  const others = cpuOfFamily(process.pid) - family - (cpuOf(process.pid)! - own);
  expect(others).toBeGreaterThanOrEqual(190);
  expect(cpuOf(process.pid)! - before).toBeLessThan(others);
});

test('a port leads to the process that listens on it', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  expect(listenerOn(port)).toBe(process.pid);
  server.close();
  await once(server, 'close');
  expect(listenerOn(port)).toBeUndefined();
});

test('a sample counts for the part that called it, within the window and without what was idle', () => {
  const frame = (functionName: string, url = '') => ({ functionName, url });
  const profile = {
    nodes: [
      { id: 1, callFrame: frame('(root)'), children: [2, 3, 5, 6] },
      { id: 2, callFrame: frame('(idle)') },
      { id: 3, callFrame: frame('commit', '/x/dist/advance/committer.js'), children: [4] },
      { id: 4, callFrame: frame('toString', 'native') },
      { id: 5, callFrame: frame('query', '/x/node_modules/pg/lib/client.js') },
      { id: 6, callFrame: frame('(garbage collector)') },
    ],
    startTime: 1_000_000,
    samples: [5, 3, 4, 2, 6, 5],
    timeDeltas: [1000, 1000, 1000, 1000, 1000, 9000],
  };
  // The first ends before the window, the last after it.
  const parts = stagesIn(profile, 1001.5, 1005.5);
  expect([...parts]).toEqual([
    ['advance', expect.closeTo(2 / 3)],
    ['garbage collection', expect.closeTo(1 / 3)],
  ]);
});

test("the broker's metrics since its start become those of the time between two looks", () => {
  const looked = (count: number, meanMs: number): string =>
    [
      `time=${count}`,
      `kafka.network:type=RequestMetrics,name=TotalTimeMs,request=Produce:Count=${count}`,
      `kafka.network:type=RequestMetrics,name=TotalTimeMs,request=Produce:Mean=${meanMs}`,
      `kafka.server:type=BrokerTopicMetrics,name=MessagesInPerSec:Count=${count * 2}`,
    ].join('\n');
  const work = workBetween(metricsIn(looked(10, 1)), metricsIn(looked(30, 3)));
  expect(work.records).toBe(40);
  // 30 requests took 90 ms together, the ten before 10 ms.
  expect(work.requests.find(({ name }) => name === 'Produce')).toMatchObject({ count: 20, totalMs: 4 });
});
