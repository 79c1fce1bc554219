/** Removing a limit, from wherever it is seen. */
import type { Limit } from '../../../../src/sdk/responses';
import { api } from '../../api/client';
import { confirm } from '../../parts/dialog';
import { tell, tellFailure } from '../../parts/toasts';

/** Asks, and removes it; true where that was done. */
export const removeLimit = async ({ scope, name }: Pick<Limit, 'scope' | 'name'>): Promise<boolean> => {
  const asked = await confirm({
    title: `Remove the limit of the ${scope} ${name}?`,
    text: 'What waits because of it starts as soon as slots are free.',
    verb: 'Remove it',
    danger: true,
    plain: true,
  });
  if (asked === undefined) return false;
  try {
    await api.removeLimit(scope, name);
    tell(`The ${scope} ${name} has no limit any more`);
    return true;
  } catch (error) {
    tellFailure('Not removed', error);
    return false;
  }
};
