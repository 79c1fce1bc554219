/** A handler that goes step by step: says so, tells how far it is, and keeps where it is. */
import { setTimeout as sleep } from 'node:timers/promises';

export default async ({ payload, restored, logger, checkpoint, progress, signal }) => {
  if (payload.broken) throw new Error('the partner answers 500');
  for (let step = restored?.step ?? 0; step < payload.steps; step++) {
    logger.info(`step ${step} of ${payload.steps}`, { step });
    await checkpoint({ step, left: payload.steps - step });
    progress(step / payload.steps);
    await sleep(payload.ms, undefined, { signal });
  }
  return { steps: payload.steps };
};
