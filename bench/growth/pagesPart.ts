/** The pages, in a process of their own: each hears of figures, DAGs and workers, and counts what it is told. */
import { Agent, get, type IncomingMessage } from 'node:http';

const [url = '', pages = '0'] = process.argv.slice(2);
const agent = new Agent({ maxSockets: Infinity });
const heard = { open: 0, events: 0, resets: 0, bytes: 0 };

const count = (text: string, what: string): number => text.split(what).length - 1;

const openPage = (): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    get(`${url}/api/v1/stream?topics=overview,dags,workers`, { agent }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`the stream answered ${String(response.statusCode)}`));
      heard.open += 1;
      response.on('close', () => (heard.open -= 1)).on('error', () => undefined);
      response.on('data', (bytes: Buffer) => {
        heard.bytes += bytes.byteLength;
        const text = bytes.toString('latin1');
        heard.events += count(text, 'event: ');
        heard.resets += count(text, 'event: reset');
      });
      resolve(response);
    }).on('error', reject);
  });

void Promise.all(Array.from({ length: Number(pages) }, openPage)).then(() => {
  process.on('message', () => {
    process.send?.({ open: heard.open, events: heard.events, resets: heard.resets, megabytes: heard.bytes / 1e6 }, () => process.exit(0));
  });
  process.send?.('open');
});
