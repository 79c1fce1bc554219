/** What every adapter of Precedence must do. */
import { eachWorld, type LeasesWorld } from './leases';

export const precedenceContract = (open: () => Promise<LeasesWorld>): void => {
  const world = eachWorld(open);

  test('answers the highest of the others, and forgets who has nothing or is silent for a second', async () => {
    const { precedence, until } = world();
    expect(await precedence.publish('a', 5)).toBeNull();
    expect(await precedence.publish('b', 0)).toBe(5);
    expect(await precedence.publish('a', 5)).toBe(0);
    expect(await precedence.publish('c', 9)).toBe(5);
    expect(await precedence.publish('a', null)).toBe(9);
    expect(await precedence.publish('c', null)).toBe(0);
    await precedence.publish('a', 3);
    await until(async () => (await precedence.publish('b', 1)) === null, 'the silent one to be forgotten');
  });
};
