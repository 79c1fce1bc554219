import { createServer } from 'node:net';

const listenOnce = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('the listening socket has no port'));
      });
    });
  });

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export const freePort = listenOnce;
