/** What every adapter of SchedulerBook must do. */
import { eachWorld, type LeasesWorld } from './leases';

export const schedulersContract = (open: () => Promise<LeasesWorld>): void => {
  const world = eachWorld(open);

  test('answers where each scheduler said last that it is, without who left and who is silent', async () => {
    const { schedulers, until } = world();
    const a = { scheduler: 'a', host: 'here', port: 8080 };
    const b = { scheduler: 'b "quoted" ä.1', host: 'there', port: 8090, url: 'https://there/b' };
    expect(await schedulers.all()).toEqual([]);
    await schedulers.publish(b, 60_000);
    await schedulers.publish(a, 60_000);
    await schedulers.publish({ ...a, port: 8081 }, 60_000);
    expect(await schedulers.all()).toEqual([{ ...a, port: 8081 }, b]);
    await schedulers.withdraw(b.scheduler);
    await schedulers.withdraw('nobody');
    expect(await schedulers.all()).toEqual([{ ...a, port: 8081 }]);
    await schedulers.publish(a, 200);
    await until(async () => (await schedulers.all()).length === 0, 'the silent one to be forgotten');
  });
};
