/** Says in which context it runs; fails its first attempt where its payload asks for that. */
import { setTimeout as sleep } from 'node:timers/promises';

export default async ({ payload, attempt, traceparent, logger }) => {
  logger.info('runs');
  await sleep(payload?.ms ?? 0);
  if (payload?.failFirst && attempt === 1) throw new RangeError('once');
  return { traceparent };
};
