/** A TCP proxy that makes a network worse: slower, silent, or cut. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { atEnd } from './cleanup';

export interface Proxy {
  readonly port: number;
  /** From now on every piece of data, in each direction, arrives `ms` later. */
  delay(ms: number): void;
  /** A network that loses everything: connections stay open, nothing arrives any more, new connections get no answer. */
  silence(): void;
  /** What was sent during the silence arrives. */
  resume(): void;
  /** Breaks every connection. */
  cut(): void;
  /** New connections go to another port; what is open is broken. */
  retarget(port: number): void;
  close(): Promise<void>;
}

interface State {
  target: number;
  delayMs: number;
  silent: boolean;
}

interface Piece {
  readonly dueAt: number;
  readonly data: Buffer;
}

/** Carries data one way, in order, each piece when it is due. */
const carry = (from: Socket, to: Socket, state: State): { pump(): void } => {
  const waiting: Piece[] = [];
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  const pump = (): void => {
    clearTimeout(timer);
    while (!state.silent && waiting[0] !== undefined && waiting[0].dueAt <= performance.now()) to.write(waiting.shift()!.data);
    const [next] = waiting;
    if (next !== undefined && !state.silent) timer = setTimeout(pump, Math.max(1, next.dueAt - performance.now()));
    if (next === undefined && ended && !state.silent) to.end();
  };
  from.on('data', (data: Buffer) => {
    waiting.push({ dueAt: performance.now() + state.delayMs, data });
    pump();
  });
  from.on('end', () => {
    ended = true;
    pump();
  });
  return { pump };
};

interface Pair {
  pump(): void;
  destroy(): void;
}

const join = (client: Socket, state: State, over: (pair: Pair) => void): Pair => {
  const server = connect({ port: state.target, host: '127.0.0.1' });
  const ways = [carry(client, server, state), carry(server, client, state)];
  const destroy = (): void => {
    client.destroy();
    server.destroy();
    over(pair);
  };
  const pair: Pair = {
    destroy,
    pump: () => {
      for (const way of ways) way.pump();
    },
  };
  for (const socket of [client, server]) {
    socket.setNoDelay(true);
    socket.on('error', destroy);
    socket.on('close', () => {
      // Who is cut off by a silent network doesn't hear that the other side went.
      if (!state.silent) destroy();
    });
  }
  return pair;
};

const listening = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });

/** Opens a proxy on `port` of 127.0.0.1 that leads to `target`; it is closed when the test file ends. */
export const openProxy = async (port: number, target: number): Promise<Proxy> => {
  const state: State = { target, delayMs: 0, silent: false };
  const pairs = new Set<Pair>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    pairs.add(join(client, state, (pair) => pairs.delete(pair)));
  });
  await listening(server, port);
  const cut = (): void => {
    for (const pair of [...pairs]) pair.destroy();
  };
  const proxy: Proxy = {
    port,
    delay: (ms) => void (state.delayMs = ms),
    silence: () => void (state.silent = true),
    resume: () => {
      state.silent = false;
      for (const pair of [...pairs]) pair.pump();
    },
    cut,
    retarget: (to) => {
      state.target = to;
      cut();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        cut();
      }),
  };
  atEnd(() => proxy.close());
  return proxy;
};
