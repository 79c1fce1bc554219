/** What every adapter of Leadership must do. */
import { eachWorld, type LeasesWorld } from './leases';

export const leadershipContract = (open: () => Promise<LeasesWorld>): void => {
  const world = eachWorld(open);
  const isGreater = (fence: string, than: string): boolean => BigInt(fence) > BigInt(than);

  test('one leads a duty, renews under the same fence, and others lead other duties', async () => {
    const { leadership } = world();
    const fence = await leadership.lead('audit', 'a');
    expect(fence).toMatch(/^\d+$/);
    expect(await leadership.lead('audit', 'a')).toBe(fence);
    expect(await leadership.lead('audit', 'b')).toBeNull();
    expect(await leadership.lead('cron', 'b')).toMatch(/^\d+$/);
  });

  test('of many that ask at once one leads', async () => {
    const fences = await Promise.all(Array.from({ length: 20 }, (_, i) => world().leadership.lead('audit', `s ${i}`)));
    expect(fences.filter((fence) => fence !== null)).toHaveLength(1);
  });

  test('who resigns makes room at once, but only for itself; each lead has a greater fence', async () => {
    const { leadership } = world();
    const first = await leadership.lead('audit', 'a');
    await leadership.resign('audit', 'b');
    expect(await leadership.lead('audit', 'b')).toBeNull();
    await leadership.resign('audit', 'a');
    const second = await leadership.lead('audit', 'b');
    await leadership.resign('audit', 'b');
    const third = await leadership.lead('audit', 'b');
    expect(isGreater(second!, first!) && isGreater(third!, second!)).toBe(true);
  });

  test('a leader that is silent for a lease is followed by another one, and one that renews is not', async () => {
    const { leadership, until } = world();
    const first = await leadership.lead('audit', 'a');
    let renewals = 0;
    await until(async () => {
      expect(await leadership.lead('audit', 'a')).toBe(first);
      expect(await leadership.lead('audit', 'b')).toBeNull();
      return ++renewals === 50;
    }, '50 renewals');
    let next: string | null = null;
    await until(async () => (next = await leadership.lead('audit', 'b')) !== null, 'the end of the lead');
    expect(isGreater(next!, first!)).toBe(true);
  });

  test('after a loss of memory nobody leads for a lease, and the next fence is greater all the same', async () => {
    const { leadership, forget, until } = world();
    const first = await leadership.lead('audit', 'a');
    await forget();
    expect(await leadership.lead('audit', 'b')).toBeNull();
    expect(await leadership.lead('audit', 'a')).toBeNull();
    let next: string | null = null;
    await until(async () => (next = await leadership.lead('audit', 'b')) !== null, 'the next lead');
    expect(isGreater(next!, first!)).toBe(true);
  });
};
