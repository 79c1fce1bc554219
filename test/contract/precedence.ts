/** What every adapter of Precedence must do. */
import { NOTHING_WAITS, type Standing } from '../../src/core/standing';
import { eachWorld, type LeasesWorld } from './leases';

const waits = (highest: number | null): Standing => ({ ...NOTHING_WAITS, highest });

export const precedenceContract = (open: () => Promise<LeasesWorld>): void => {
  const world = eachWorld(open);
  const others = async (scheduler: string, standing: Standing) => Object.fromEntries(await world().precedence.publish(scheduler, standing));

  test('answers what the others say, whatever they say, and forgets who is silent for a second', async () => {
    const { precedence, until } = world();
    const a: Standing = {
      highest: 5,
      highestOf: { API_CALL: 5, 'ANOTHER TYPE': 3 },
      handedOut: 12,
      flows: [
        { flow: 'a "flow", with\nspaces', weight: 0.5, waiting: { API_CALL: 3, 'ANOTHER TYPE': 1 } },
        { flow: '', weight: 7, waiting: { API_CALL: 9 } },
      ],
      reserved: { kept: 4 },
    };
    expect(await others('a', a)).toEqual({});
    expect(await others('b', waits(0))).toEqual({ a });
    expect(await others('a', waits(5))).toEqual({ b: waits(0) });
    expect(await others('c', waits(9))).toEqual({ a: waits(5), b: waits(0) });
    expect(await others('a', waits(null))).toEqual({ b: waits(0), c: waits(9) });
    await precedence.publish('a', waits(3));
    await until(async () => (await precedence.publish('b', waits(1))).size === 0, 'the silent ones to be forgotten');
  });
};
