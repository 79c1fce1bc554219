/**
 * node measure.mjs bullmq|pgBoss|graphileWorker: reads {databaseUrl, redisUrl, warmUp, bodies, pace} as JSON, runs the DAGs, proves that each
 * task ran once and after those that it depends on, and prints {makespanMs, dagsMs, durability, version}. Producer and worker are one process.
 */
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';

const CLIENTS = 8;
const PACKAGES = { bullmq: 'bullmq', pgBoss: 'pg-boss', graphileWorker: 'graphile-worker' };

/** The body that the API would take, with tasks by their places. */
const dagOf = (body, number) => {
  const { tasks } = JSON.parse(body);
  const places = new Map(tasks.map(({ taskName }, task) => [taskName, task]));
  const planned = tasks.map(({ dependencies }) => ({ dependencies: dependencies.map((name) => places.get(name)), children: [] }));
  planned.forEach(({ dependencies }, task) => {
    for (const each of dependencies) planned[each].children.push(task);
  });
  return { number, tasks: planned };
};

/** What ran, and who waits for the end of a DAG. */
const createRecord = () => {
  const open = new Map();
  return {
    expect: (dag) => {
      let resolve;
      const done = new Promise((settle) => (resolve = settle));
      open.set(dag.number, { dag, ran: new Set(), resolve });
      return done;
    },
    ran: (number, task) => {
      const each = open.get(number);
      if (each === undefined || each.ran.has(task)) throw new Error(`task ${task} of DAG ${number} ran twice`);
      if (each.dag.tasks[task].dependencies.some((dependency) => !each.ran.has(dependency)))
        throw new Error(`task ${task} of DAG ${number} ran too early`);
      each.ran.add(task);
      if (each.ran.size < each.dag.tasks.length) return;
      open.delete(number);
      each.resolve();
    },
  };
};

const together = async (peer, record, dags) => {
  const done = dags.map((dag) => record.expect(dag));
  let next = 0;
  const client = async () => {
    while (next < dags.length) await peer.submit(dags[next++]);
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  await Promise.all(done);
};

const batch = async (peer, record, dags) => {
  const done = dags.map((dag) => record.expect(dag));
  await peer.submitAll(dags);
  await Promise.all(done);
};

/** Milliseconds of each. */
const oneByOne = async (peer, record, dags) => {
  const tookMs = [];
  for (const dag of dags) {
    const began = performance.now();
    const done = record.expect(dag);
    await peer.submit(dag);
    await done;
    tookMs.push(performance.now() - began);
  }
  return tookMs;
};

const main = async (name) => {
  const { databaseUrl, redisUrl, warmUp, bodies, pace } = JSON.parse(await text(process.stdin));
  const { open } = await import(`./${name}.mjs`);
  const record = createRecord();
  const failed = new Promise((_, reject) => process.on('unhandledRejection', reject));
  const peer = await open({
    databaseUrl,
    redisUrl,
    ran: (dag, task) => {
      try {
        record.ran(dag, task);
      } catch (error) {
        console.error(error);
        process.exit(1);
      }
    },
  });
  const dags = [...warmUp, ...bodies].map(dagOf);
  const [before, measured] = [dags.slice(0, warmUp.length), dags.slice(warmUp.length)];
  const run = async () => {
    await together(peer, record, before);
    const began = performance.now();
    const dagsMs = (await (pace === 'batch' ? batch : pace === 'oneByOne' ? oneByOne : together)(peer, record, measured)) ?? [];
    return { makespanMs: performance.now() - began, dagsMs };
  };
  const timing = await Promise.race([run(), failed]);
  await peer.close();
  const { version } = JSON.parse(readFileSync(new URL(`node_modules/${PACKAGES[name]}/package.json`, import.meta.url), 'utf8'));
  console.log(JSON.stringify({ ...timing, durability: peer.durability, version, package: PACKAGES[name] }));
  process.exit(0);
};

await main(process.argv[2]);
