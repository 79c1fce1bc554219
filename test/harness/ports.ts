import { createServer } from 'node:net';

/** Below the ports that systems give to outgoing connections: of those one may be taken between the question and the use. */
const LOWEST = 20_000;
const HIGHEST = 26_999;
const TRIES = 100;

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '0.0.0.0', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });

/** A TCP port that was free a moment ago; others who look for one at the same time hardly find the same. */
export const freePort = async (): Promise<number> => {
  for (let i = 0; i < TRIES; i++) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST + 1));
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port from ${String(LOWEST)} to ${String(HIGHEST)} in ${String(TRIES)} tries`);
};
