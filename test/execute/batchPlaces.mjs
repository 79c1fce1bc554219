/** A handler of batches each of whose tasks behaves as its payload says, in a thread or a process of its own. */
import { setTimeout as sleep } from 'node:timers/promises';

export const batch = { maxSize: 4, maxWaitMs: 20 };

const behaviours = {
  echo: ({ payload, fence, task }) => ({ payload, fence: String(fence), name: task.name }),
  throw: () => {
    throw Object.assign(new TypeError('wrong'), { code: 'E_WRONG', retryable: false });
  },
  keep: async ({ checkpoint, progress, logger, task }) => {
    progress(0.5, task.name);
    await checkpoint({ line: task.name });
    logger.warn('kept', { line: task.name });
    return `${task.name} kept`;
  },
  yield: async ({ signal, logger }) => {
    logger.info('waiting');
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    throw new Error('stopped');
  },
  ignore: ({ logger }) => {
    logger.info('ignoring');
    return sleep(3_600_000);
  },
  leave: () => process.exit(7),
};

export default (contexts) => {
  if (contexts[0].payload.whole !== undefined) throw new Error(contexts[0].payload.whole);
  return contexts.map(async (context) => behaviours[context.payload.does](context));
};
