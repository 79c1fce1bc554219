import { pause } from '../../../src/lifecycle/timing';
import { claimAuditContract, roundOf } from '../../contract/claimAudit';
import { claimsContract } from '../../contract/claims';
import { describedAs, TASK, vitalsOf, type LeasesWorld } from '../../contract/leases';
import { leadershipContract } from '../../contract/leadership';
import { changeFeedContract, figureBoardContract } from '../../contract/live';
import { loadBoardContract } from '../../contract/loadBoard';
import { permitsContract } from '../../contract/permits';
import { precedenceContract } from '../../contract/precedence';
import { rosterContract } from '../../contract/roster';
import { schedulersContract } from '../../contract/schedulers';
import { sessionsContract } from '../../contract/sessions';
import { workerControlContract } from '../../contract/workerControl';
import { freshPrefix } from '../../harness/services';
import { clock, deleteKeys, openWorld } from './world';

const open = (): Promise<LeasesWorld> => openWorld(freshPrefix().keys);

describe('sessions in Redis', () => {
  sessionsContract(open);
});
describe('the roster in Redis', () => {
  rosterContract(open);
});
describe('claims in Redis', () => {
  claimsContract(open);
});
describe('what dead sessions left behind in Redis', () => {
  claimAuditContract(open);
});
describe('slots and rates in Redis', () => {
  permitsContract(open);
});
describe('precedence in Redis', () => {
  precedenceContract(open);
});
describe('control of workers in Redis', () => {
  workerControlContract(open);
});
describe('the board of loads in Redis', () => {
  loadBoardContract(open);
});
describe('the feed of changes in Redis', () => {
  changeFeedContract(open);
});
describe('the board of figures in Redis', () => {
  figureBoardContract(open);
});
describe('where schedulers are in Redis', () => {
  schedulersContract(open);
});
describe('leadership in Redis', () => {
  leadershipContract(open);
});

test('a session that misses its heartbeats is granted nothing more while its lease runs out', async () => {
  const { sessions, claims, crash, close } = await openWorld(freshPrefix().keys, 2000);
  const session = await sessions.open(describedAs('w'), vitalsOf());
  let task = 0;
  const claim = async (): Promise<string> => (await claims.claim(session.id, [{ ...TASK, task: (task += 1), dispatch: 1 }]))[0]!.kind;
  await crash(session);
  const answers = [await claim()];
  while (answers.at(-1) !== 'ended') {
    await pause(clock, 20);
    answers.push(await claim());
  }
  expect([...new Set(answers)]).toEqual(['granted', 'wait', 'ended']);
  await close();
});

test('two processes see the same', async () => {
  const { keys } = freshPrefix();
  const [one, two] = [await openWorld(keys), await openWorld(keys)];
  const session = await one.sessions.open(describedAs('w'), vitalsOf());
  await session.announce();
  const other = await two.sessions.open(describedAs('v'), vitalsOf());
  const wanted = [{ ...TASK, dispatch: 1 }];
  expect((await two.roster.read()).workers.map((worker) => worker.session)).toEqual([session.id]);
  const answers = await Promise.all([one.claims.claim(session.id, wanted), two.claims.claim(other.id, wanted)]);
  expect(answers.map(([answer]) => answer!.kind).sort()).toEqual(['granted', 'held']);
  await one.close();
  await two.close();
});

test('a thousand claims at once take a moment', async () => {
  const world = await open();
  const session = await world.sessions.open(describedAs('w'), vitalsOf());
  const wanted = Array.from({ length: 1_000 }, (_, task) => ({ ...TASK, task, dispatch: 1 }));
  const answers = await world.claims.claim(session.id, wanted);
  expect(answers.every(({ kind }) => kind === 'granted')).toBe(true);
  await world.claims.finish(session.id, wanted);
  expect(await world.ledger.holders(wanted)).toEqual(wanted.map(() => ({ kind: 'finished' })));
  await world.close();
});

test('a prefix that looks like a pattern finds its own keys and no others', async () => {
  const { keys } = freshPrefix();
  const plant = async (prefix: string) => {
    const world = await openWorld(prefix);
    const session = await world.sessions.open(describedAs('w'), vitalsOf());
    const claim = { ...TASK, dispatch: 1 };
    await world.claims.claim(session.id, [claim]);
    await session.close();
    return { world, claim: { ...claim, session: session.id } };
  };
  const other = await plant(`${keys}axyz\\:`);
  const odd = await plant(`${keys}[ab]?*\\:`);
  expect(await roundOf(odd.world.claimAudit)).toEqual([odd.claim]);
  await Promise.all([odd.world.close(), other.world.close()]);
  await deleteKeys(keys);
});

test('a look reads at most 10,000 keys, whoever’s they are, and says how many looks a round takes', async () => {
  const world = await open();
  const session = await world.sessions.open(describedAs('w'), vitalsOf());
  await world.claims.claim(
    session.id,
    Array.from({ length: 12_000 }, (_, task) => ({ ...TASK, task, dispatch: 1 })),
  );
  await session.close();
  const first = await world.claimAudit.abandoned(null);
  expect([first.next, first.looks]).toEqual([expect.stringMatching(/^[1-9]\d*$/), 2]);
  // SCAN takes whole buckets: a few more than it was asked for.
  expect(first.claims.length).toBeLessThan(11_000);
  await world.close();
});
