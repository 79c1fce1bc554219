/** What operators do to workers, in Redis. */
import type { LostWorker, WorkerControl, WorkerDescription } from '../../ports/leases';
import type { Ask } from './keyspace';
import { FORGET, LOST, WISH } from './control.lua';

const LOST_TEXT = /^\d+ (\d+) (\d+) (\S+) (.*)$/s;

const lostWorkerOf = (text: string): LostWorker | undefined => {
  const [, beat, held, session, description] = LOST_TEXT.exec(text) ?? [];
  if (session === undefined || description === undefined) return undefined;
  return { ...(JSON.parse(description) as WorkerDescription), session, held: Number(held), lastHeartbeatAt: Number(beat) };
};

export const createRedisWorkerControl = ({ ask }: { readonly ask: Ask }): WorkerControl => ({
  ask: async (workerId, wish) => {
    const [answer] = await ask(WISH, [encodeURIComponent(workerId), wish]);
    return answer === 'asked' || answer === 'leaving' ? answer : 'absent';
  },
  lost: async () => (await ask(LOST, [])).flatMap((text) => lostWorkerOf(text) ?? []),
  forget: async (workerId) => {
    const [count] = await ask(FORGET, [encodeURIComponent(workerId)]);
    return count === '1';
  },
});
