/** The thread of an isolated handler. Started by threadPlace. */
import { parentPort, workerData } from 'node:worker_threads';
import { serve } from './host';
import type { PlaceSettings, ToPlace } from './messages';

if (parentPort !== null) {
  const port = parentPort;
  serve(
    {
      send: (message) => {
        port.postMessage(message);
      },
      leave: (code) => process.exit(code),
      listen: (hear) => {
        port.on('message', (message: ToPlace) => {
          hear(message);
        });
      },
    },
    workerData as PlaceSettings,
  );
}
