/** An SMTP server that keeps what it gets, and refuses whom the test wants. */
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { atEnd } from './cleanup';

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
}

export interface Mailbox {
  readonly url: string;
  readonly mails: Mail[];
  /** Recipients that are refused. */
  readonly refused: Set<string>;
  /** An error that every mail meets; undefined for none. */
  failure: { readonly code: number; readonly message: string } | undefined;
  close(): Promise<void>;
}

const PASSWORD = 'very secret';

const rejected = (code: number, message: string): Error => Object.assign(new Error(message), { responseCode: code });

/** Listens on any free port until the file ends; whoever sends must log in. */
export const startMailbox = async (): Promise<Mailbox> => {
  const mails: Mail[] = [];
  const refused = new Set<string>();
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth: ({ username = '', password }, _session, done) => {
      if (username === 'dts' && password === PASSWORD) done(null, { user: username });
      else done(rejected(535, 'who are you?'));
    },
    onRcptTo: ({ address }, _session, done) => {
      done(refused.has(address) ? rejected(550, 'no such mailbox') : null);
    },
    onData: (stream, { envelope }, done) => {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => {
        if (mailbox.failure !== undefined) {
          done(rejected(mailbox.failure.code, mailbox.failure.message));
          return;
        }
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
        mails.push({ from, to: envelope.rcptTo.map(({ address }) => address), text: Buffer.concat(parts).toString() });
        done(null);
      });
    },
  });
  // A client that goes away in the middle.
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve();
    });
  });
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => {
        resolve();
      });
    });
  const { port } = server.server.address() as AddressInfo;
  const url = `smtp://dts:${encodeURIComponent(PASSWORD)}@127.0.0.1:${String(port)}`;
  const mailbox: Mailbox = { url, mails, refused, failure: undefined, close };
  atEnd(close);
  return mailbox;
};
