/** A real PostgreSQL within the program's own care: what standalone stores its DAGs in, with nothing to install. */
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import type { Service } from '../../lifecycle/service';
import { createDatabaseIfMissing } from './database';
import { serverAccount } from './embedded/account';
import { type Binaries, provideBinaries } from './embedded/binaries';
import { copiesFolder, keptPort, type Place, preparePlace } from './embedded/place';
import { initialise, runServer, type Server, stopServer, urlOf } from './embedded/server';

export interface EmbeddedNeeds {
  /** The program's data folder; the server's data lies in `postgres` below it, or elsewhere where its account can't enter (said in `log`). */
  readonly dataDir: string;
  /** The TCP port on 127.0.0.1; without it a free one, kept for later starts. A server that is still alive keeps its own. */
  readonly port?: number | null;
  /** Told in one sentence what a person may want to know: copies, other places, crashes. */
  readonly log: (sentence: string) => void;
}

export interface EmbeddedPostgres extends Service {
  /** `postgres://…` of its database; throws before `start` resolved. */
  readonly url: string;
}

const DATABASE = 'taskscheduler';
const CONNECT_MS = 5_000;
// Any number that nobody else uses in the database `postgres` of this server.
const OWNER_LOCK = 20_251_123;

interface Up {
  readonly place: Place;
  readonly binaries: Binaries;
  readonly server: Server;
  /** Holds the right to this data folder: it ends with this process, however that ends. */
  readonly owner: Client;
}

/** Takes the data folder, or says who has it. A process that was just killed holds it for a moment longer. */
const own = async (url: string, dataDir: string): Promise<Client> => {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    application_name: `task-scheduler pid ${String(process.pid)}`,
  });
  client.on('error', () => undefined);
  await client.connect();
  for (let tries = 0; tries < 40; tries++) {
    const { rows } = await client.query<{ mine: boolean }>('SELECT pg_try_advisory_lock($1) AS mine', [OWNER_LOCK]);
    if (rows[0]?.mine === true) return client;
    await pause(50);
  }
  const { rows } = await client.query<{ name: string }>(
    `SELECT a.application_name AS name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
     WHERE l.locktype = 'advisory' AND l.granted AND l.objid = $1`,
    [OWNER_LOCK],
  );
  await client.end();
  throw new Error(`the data folder ${dataDir} is in use by another process (${rows[0]?.name ?? 'unknown'}): stop that one, or use another folder`);
};

const prepare = async ({ dataDir, log }: EmbeddedNeeds): Promise<Pick<Up, 'place' | 'binaries'>> => {
  const account = await serverAccount();
  const place = await preparePlace(dataDir, account, (from, to) => {
    log(`the database's own user can't enter ${from}: its data lies in ${to}`);
  });
  const binaries = await provideBinaries(account, copiesFolder(place), (from, to) => {
    log(`the database's programs can't be run in ${from}: they are copied to ${to}`);
  });
  await initialise(place, binaries);
  return { place, binaries };
};

const bringUp = async (needs: EmbeddedNeeds, { place, binaries }: Pick<Up, 'place' | 'binaries'>, port?: number): Promise<Up> => {
  const server = await runServer(place, binaries, async () => port ?? needs.port ?? (await keptPort(place)));
  const owner = await own(await urlOf(place, server.port, 'postgres'), needs.dataDir);
  return { place, binaries, server, owner };
};

/** Makes an embedded PostgreSQL; `start` resolves when its database can be used. */
export const createEmbeddedPostgres = (needs: EmbeddedNeeds): EmbeddedPostgres => {
  let up: Up | undefined;
  let url: string | undefined;
  let wanted = false;
  let busy: Promise<void> = Promise.resolve();

  /** One step after the other: a stop during a start waits for it, and a restart never meets a stop. */
  const inTurn = (step: () => Promise<void>): Promise<void> => {
    const done = busy.then(step);
    busy = done.catch(() => undefined);
    return done;
  };

  const watch = (current: Up): void => {
    current.owner.once('end', () => {
      if (wanted && up === current) void inTurn(() => restart(current));
    });
  };

  /** The server ended by itself: it is started again on its port, again and again, until it runs or nobody wants it. */
  const restart = async (crashed: Up): Promise<void> => {
    needs.log('the embedded PostgreSQL ended unexpectedly and is started again');
    up = undefined;
    for (let waitMs = 200; wanted; waitMs = Math.min(waitMs * 2, 5_000)) {
      try {
        up = await bringUp(needs, crashed, crashed.server.port);
        watch(up);
        return;
      } catch (error) {
        needs.log(`the embedded PostgreSQL didn't start again: ${String(error)}`);
        await pause(waitMs);
      }
    }
  };

  const start = async (): Promise<void> => {
    if (!wanted || up !== undefined) return;
    const ready = await bringUp(needs, await prepare(needs));
    up = ready;
    url = await urlOf(ready.place, ready.server.port, DATABASE);
    await createDatabaseIfMissing(url, CONNECT_MS);
    watch(ready);
  };

  const stop = async (): Promise<void> => {
    const current = up;
    up = undefined;
    if (current === undefined) return;
    await stopServer(current.place, current.server);
    await current.owner.end().catch(() => undefined);
  };

  return {
    name: 'embedded PostgreSQL',
    get url() {
      if (url === undefined) throw new Error('the embedded PostgreSQL has no address before it is started');
      return url;
    },
    start: () => {
      wanted = true;
      return inTurn(start);
    },
    stop: () => {
      wanted = false;
      return inTurn(stop);
    },
  };
};
