// npm start [-- FLAGS]: scheduler and workers in one process on port 8080, with a database of its own under ./data.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, setUp } from './setup.mjs';

setUp();
// In this very process, so that a signal reaches it once and directly.
const main = path.join(root, 'dist/main.js');
process.argv = [process.execPath, main, '--role=standalone', ...process.argv.slice(2)];
await import(pathToFileURL(main).href);
