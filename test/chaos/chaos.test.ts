/**
 * Every fault in turn, under a load that never ends, on real processes and services. The short form is what CI runs; the
 * full one (CHAOS_FORM=full, `npm run chaos`) has longer and more of them.
 */
import { kafkaFaults } from './faults/kafka';
import { postgresFaults } from './faults/postgres';
import { processFaults } from './faults/processes';
import { redisFaults } from './faults/redis';
import type { Fault } from './faults/fault';
import { createExaminations, type Examinations } from './examinations';
import { judge, type Verdict } from './judge';
import { publish } from './report';
import { startWorld, untilBusy, type World } from './world';

const form = process.env['CHAOS_FORM'] === 'full' ? 'full' : 'short';
const only = process.env['CHAOS_ONLY'];
const all: readonly Fault[] = [...processFaults, ...kafkaFaults, ...postgresFaults, ...redisFaults];
const faults = all.filter((fault) => (form === 'full' || fault.form === 'short') && (only === undefined || new RegExp(only).test(fault.name)));

/** A fault is told by each process in so many lines at the most, whatever its length: reasons, not floods. */
const LINES = 40;

let world: World;
let examinations: Examinations;
const verdicts: Verdict[] = [];

beforeAll(async () => {
  world = await startWorld({ lanes: 12, width: 4 });
  examinations = createExaminations(world);
}, 180_000);

afterAll(() => {
  publish(verdicts);
});

const linesOf = (): Map<string, number> => new Map([...world.schedulers, ...world.workers].map((member) => [member.name, member.lines().length]));

const floods = (before: ReadonlyMap<string, number>, limit: number): string[] =>
  [...world.schedulers, ...world.workers].flatMap((member) => {
    const lines = member.lines().slice(before.get(member.name));
    return lines.length <= limit ? [] : [`${member.name} wrote ${lines.length} lines, among them\n${lines.slice(-8).join('\n')}`];
  });

test.each(faults.map((fault) => [fault.name, fault] as const))(
  '%s: nothing is lost, done twice at once, or wrong',
  async (_name, fault) => {
    if (fault.blindsDoctor === true) await examinations.found();
    await untilBusy(world);
    const before = linesOf();
    const { verdict, complaints, hit, dags } = await judge(world, fault);
    const found = await examinations.found();
    examinations.begin(fault.name);
    verdicts.push(verdict);
    const lines = [`${JSON.stringify(verdict)} ${dags} DAGs; ${hit.seen ?? ''}`, ...complaints, ...found, ...floods(before, fault.lines ?? LINES)];
    process.stdout.write(`${lines.join('\n')}\n`);
    expect([...complaints, ...found]).toEqual([]);
    expect(verdict).toMatchObject({ lost: 0, overlapped: 0, wrong: 0 });
    expect(dags).toBeGreaterThan(0);
    expect(verdict.recoveryMsMax).toBeLessThan(fault.limits?.maxMs ?? 30_000);
    expect(verdict.recoveryMsP50).toBeLessThan(fault.limits?.medianMs ?? 30_000);
    expect(floods(before, fault.lines ?? LINES)).toEqual([]);
  },
  300_000,
);

test('the doctor finds nothing after the last fault', async () => {
  expect(await examinations.found()).toEqual([]);
});
