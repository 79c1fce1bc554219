/** What is known of limits between two answers of the leases. */
import { Allowances } from '../../src/dispatch/allowances';
import { createVirtualClock } from '../lifecycle/virtualClock';

const LIMITS = { slots: [{ key: 'dag:a', max: 6 }], rates: [] };
const [SLOT] = LIMITS.slots as [(typeof LIMITS.slots)[0]];

test('a limit is forgotten when nothing of it is out and nobody waits, also where the leases called it full before', async () => {
  const clock = createVirtualClock();
  let isWaitedFor = true;
  const allowances = new Allowances({ clock, isWaitedFor: () => isWaitedFor, due: () => undefined });
  const room = (): number | undefined => {
    allowances.passedOver(SLOT.key);
    return allowances.reopened()[0]?.[1];
  };
  for (let i = 0; i < 3; i++) allowances.took(LIMITS);
  allowances.full(SLOT);
  expect(allowances.behind(LIMITS)).toBe(SLOT.key);
  await clock.advance(5);
  expect(allowances.due()).toEqual([SLOT.key]);
  allowances.learn(SLOT.key, 4);
  expect(room()).toBe(2);
  isWaitedFor = false;
  for (let i = 0; i < 2; i++) allowances.took(LIMITS);
  for (let i = 0; i < 4; i++) allowances.gave(LIMITS);
  expect(room()).toBe(4);
  allowances.gave(LIMITS);
  expect(room()).toBe(Infinity);
});
