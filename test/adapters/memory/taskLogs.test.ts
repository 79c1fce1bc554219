import { createMemoryTaskLogs } from '../../../src/adapters/memory/taskLogs';
import { mintDagId } from '../../../src/core/ids';
import { taskLogsContract } from '../../contract/taskLogs';

describe('task logs in memory', () => {
  taskLogsContract(() => {
    const [dag, absent] = [mintDagId(0, 1, Math.random), mintDagId(0, 2, Math.random)];
    return Promise.resolve({ logs: createMemoryTaskLogs({ now: Date.now, hasDag: (one) => one === dag }), dag, absent });
  });
});
