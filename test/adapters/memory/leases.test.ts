import { createMemoryLeases } from '../../../src/adapters/memory/leases';
import { claimAuditContract } from '../../contract/claimAudit';
import { claimsContract } from '../../contract/claims';
import { describedAs, vitalsOf, type LeasesWorld } from '../../contract/leases';
import { leadershipContract } from '../../contract/leadership';
import { changeFeedContract, figureBoardContract } from '../../contract/live';
import { loadBoardContract } from '../../contract/loadBoard';
import { permitsContract } from '../../contract/permits';
import { precedenceContract } from '../../contract/precedence';
import { rosterContract } from '../../contract/roster';
import { schedulersContract } from '../../contract/schedulers';
import { sessionsContract } from '../../contract/sessions';
import { workerControlContract } from '../../contract/workerControl';
import { createVirtualClock } from '../../lifecycle/virtualClock';

const LEASE_MS = 1_600;

const open = (): Promise<LeasesWorld> => {
  const clock = createVirtualClock();
  const forgotten: string[] = [];
  const leases = createMemoryLeases({ clock, leaseMs: LEASE_MS, heartbeatMs: 400, onForgotten: (session) => forgotten.push(session) });
  return Promise.resolve({
    ...leases,
    leaseMs: LEASE_MS,
    forgotten,
    now: () => clock.monotonic(),
    forget: () => Promise.resolve(leases.forget()),
    crash: (session) => Promise.resolve(leases.crash(session.id)),
    until: async (condition, what) => {
      for (let i = 0; i < 3_000; i++) {
        if (await condition()) return;
        await clock.advance(10);
      }
      throw new Error(`there was never ${what}`);
    },
    close: () => Promise.resolve(),
  });
};

// While a test's open waits for the end of the grace, nothing moves the virtual clock: it moves on by itself.
const openMoving = async (): Promise<LeasesWorld> => {
  const world = await open();
  return {
    ...world,
    sessions: {
      open: async (worker, vitals) => {
        const opening = world.sessions.open(worker, vitals);
        let settled = false;
        opening.then(
          () => {
            settled = true;
          },
          () => {
            settled = true;
          },
        );
        await world.until(() => settled, 'the session');
        return opening;
      },
    },
  };
};

describe('sessions in memory', () => {
  sessionsContract(openMoving);
});
describe('the roster in memory', () => {
  rosterContract(open);
});
describe('claims in memory', () => {
  claimsContract(open);
});
describe('what dead sessions left behind in memory', () => {
  claimAuditContract(open);
});
describe('slots and rates in memory', () => {
  permitsContract(open);
});
describe('precedence in memory', () => {
  precedenceContract(open);
});
describe('control of workers in memory', () => {
  workerControlContract(open);
});
describe('the board of loads in memory', () => {
  loadBoardContract(open);
});
describe('the feed of changes in memory', () => {
  changeFeedContract(open);
});
describe('the board of figures in memory', () => {
  figureBoardContract(open);
});
describe('where schedulers are in memory', () => {
  schedulersContract(open);
});
describe('leadership in memory', () => {
  leadershipContract(open);
});

test('a stall of the whole process ends no session', async () => {
  const clock = createVirtualClock();
  const leases = createMemoryLeases({ clock, leaseMs: 100, heartbeatMs: 25 });
  const session = await leases.sessions.open(describedAs('w'), vitalsOf());
  await session.announce();
  await clock.advance(10_000);
  expect(session.ended.aborted).toBe(false);
  expect((await leases.roster.read()).workers).toHaveLength(1);
});

test('a session whose names somebody else took after a loss of memory ends', async () => {
  const clock = createVirtualClock();
  const leases = createMemoryLeases({ clock, leaseMs: 100, heartbeatMs: 160 });
  const slow = await leases.sessions.open(describedAs('w'), vitalsOf());
  await clock.advance(50);
  leases.forget();
  const opening = leases.sessions.open(describedAs('w'), vitalsOf());
  await clock.advance(105);
  const other = await opening;
  expect(other.inbox).toBe(slow.inbox);
  expect(slow.ended.aborted).toBe(false);
  await clock.advance(10);
  expect(other.ended.aborted).toBe(false);
  expect(slow.ended.aborted).toBe(true);
  expect(slow.ended.reason).toBe('the lease ended');
});
