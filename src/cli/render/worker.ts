/** Workers in words. */
import type { WorkerDetail, WorkerView } from '../../sdk';
import { count, durationText, plain, table } from './words';

export const WORKER_HEAD = ['WORKER', 'STATE', 'HELD', 'SLOTS', 'HEARD', 'VERSION', 'REGION', 'HOST', 'TAGS'];

const heard = ({ lastHeartbeatAt }: WorkerView, now: number): string => `${durationText(Math.max(0, now - Date.parse(lastHeartbeatAt)))} ago`;

/** A line of the list. */
export const workerRow =
  (now: number) =>
  (worker: WorkerView): string[] => [
    worker.workerId,
    worker.state,
    String(worker.held),
    String(worker.slots),
    heard(worker, now),
    worker.version,
    worker.region,
    worker.host,
    worker.tags.join(','),
  ];

/** The worker, and what runs there where that is known. */
export const workerLines = (worker: WorkerView | WorkerDetail, now: number): string[] => {
  const tasks = 'tasks' in worker ? worker.tasks : [];
  const head = `${plain(worker.workerId)}  ${worker.state}  ${count(worker.held, 'task')} on ${count(worker.slots, 'slot')}, heard of ${heard(worker, now)}`;
  if (tasks.length === 0) return [head];
  return [
    head,
    ...table([
      ['TASK', 'TYPE', 'ATTEMPT', 'STARTED', 'NAME'],
      ...tasks.map((task) => [task.taskId, task.type, String(task.attempt), task.startedAt ?? '', task.taskName]),
    ]),
  ];
};
