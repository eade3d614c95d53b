// A real SMTP server that keeps what it receives, refuses what it is told to, and outlives clients that die.
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface Mail {
  from: string;
  to: string[];
  /** The message as it was sent, with its headers. */
  raw: string;
  /** `raw` without soft line breaks and with decoded quoted-printable characters. */
  text: string;
}

export interface TestSmtp {
  url: string;
  mails: Mail[];
  /** How many connections broke in the middle of a message, because the client was killed for example. */
  readonly resets: number;
  /** Recipients for which it is true are refused with 550. */
  refuse(is: (recipient: string) => boolean): void;
  close(): Promise<void>;
}

export async function startSmtp(): Promise<TestSmtp> {
  const mails: Mail[] = [];
  let refuses: (recipient: string) => boolean = () => false;
  let resets = 0;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo({ address }, _session, callback) {
      if (!refuses(address)) return callback();
      callback(Object.assign(new Error(`5.1.1 <${address}>: no such mailbox`), { responseCode: 550 }));
    },
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const raw = Buffer.concat(chunks).toString();
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({ from: mailFrom ? mailFrom.address : '', to: rcptTo.map(({ address }) => address), raw, text: decoded(raw) });
        callback();
      });
    },
  });
  // the error of a connection carries its address; without a listener it would end the process, because a client died
  server.on('error', (error) => {
    if (!('remoteAddress' in error)) throw error;
    resets++;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    mails,
    get resets() {
      return resets;
    },
    refuse(is) {
      refuses = is;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function decoded(raw: string): string {
  const bytes = raw
    .replaceAll(/=\r?\n/g, '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}
