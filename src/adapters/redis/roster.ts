/** Who lives, read from Redis. */
import type { LiveWorker, Roster, WorkerDescription } from '../../ports/leases';
import type { RedisConnection } from './connection';
import type { Ask } from './keyspace';
import { DESCRIBE, ROSTER } from './sessions.lua';

export interface RedisRosterNeeds {
  readonly ask: Ask;
  readonly connection: Pick<RedisConnection, 'ping'>;
}

const liveWorkerOf = (session: string, value: string, described: WorkerDescription): LiveWorker => {
  const [, inbox, , freeSlots, held, draining, lastHeartbeatAt] = value.split(' ');
  return {
    ...described,
    session,
    inbox: Number(inbox),
    freeSlots: Number(freeSlots),
    held: Number(held),
    draining: draining === '1',
    lastHeartbeatAt: Number(lastHeartbeatAt),
  };
};

/** Reads of a roster whose workers didn't change fetch numbers only: what a worker said of itself is remembered here. */
export const createRedisRoster = ({ ask, connection }: RedisRosterNeeds): Roster => {
  let descriptions = new Map<string, WorkerDescription>();
  /** By session, as last read: a heartbeat is read several times. */
  let known = new Map<string, { readonly value: string; readonly worker: LiveWorker }>();

  const describe = async (sessions: readonly string[]): Promise<void> => {
    const unknown = sessions.filter((session) => !descriptions.has(session));
    if (unknown.length > 0) {
      const texts = await ask(DESCRIBE, unknown);
      unknown.forEach((session, i) => {
        if (texts[i] !== undefined && texts[i] !== '') descriptions.set(session, JSON.parse(texts[i]) as WorkerDescription);
      });
    }
    if (descriptions.size > 2 * sessions.length + 100) descriptions = new Map([...descriptions].filter(([session]) => sessions.includes(session)));
  };
  return {
    read: async () => {
      const [trusted, ...pairs] = await ask(ROSTER, []);
      const values = new Map<string, string>();
      for (let i = 0; i < pairs.length; i += 2) values.set(pairs[i]!, pairs[i + 1]!);
      await describe([...values.keys()]);
      const read = new Map<string, { readonly value: string; readonly worker: LiveWorker }>();
      for (const [session, value] of values) {
        const described = descriptions.get(session);
        // None: the session was closed between the two reads.
        if (described === undefined) continue;
        const before = known.get(session);
        read.set(session, before?.value === value ? before : { value, worker: liveWorkerOf(session, value, described) });
      }
      known = read;
      const workers = [...read.values()].map(({ worker }) => worker);
      return { workers, trusted: trusted === '1' };
    },
    ping: () => connection.ping(),
  };
};
