// A correct receiver of Standard Webhooks, and its wrong variants: each has one flaw, the one that
// the conformance case of the same name is about.
import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import { onTestFinished } from 'vitest';
import type { CaseName } from '#domain/conformance/conformance';

export const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
export const knownType = 'order.created';
/** An answer of the slow receiver takes so long, and it gives one at a time. */
export const slowAnswerMs = 100;

interface Request {
  headers: IncomingHttpHeaders;
  body: Buffer;
}

interface Memory {
  ids: Set<string>;
  newestMs: number;
}

/** The status that a receiver answers. Null: its flaw does not show with this request. */
type Flaw = (request: Request, memory: Memory) => number | null;

const textOf = (value: string | string[] | undefined) => String(value ?? '');

function signatureOf({ headers, body }: Request): string {
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body.toString()}`;
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
}

function isVerified({ headers, body }: Request): boolean {
  try {
    new Webhook(secret).verify(body.toString(), headers as Record<string, string>);
    return true;
  } catch (error) {
    if (error instanceof WebhookVerificationError) return false;
    throw error;
  }
}

const isFresh = ({ headers }: Request) => Math.abs(Date.now() / 1_000 - Number(headers['webhook-timestamp'])) < 300;
const eventOf = ({ body }: Request): { type: string; timestamp: string } => JSON.parse(body.toString());

const flaws: Record<CaseName, Flaw> = {
  bad_signature: (request) => (isFresh(request) ? 204 : null),
  stale_time: (request) => (textOf(request.headers['webhook-signature']).split(' ').includes(signatureOf(request)) ? 204 : null),
  duplicate: ({ headers }, { ids }) => (ids.has(textOf(headers['webhook-id'])) && !headers['posthorn-replay'] ? 409 : null),
  reorder: (request, { newestMs }) => (isVerified(request) && Date.parse(eventOf(request).timestamp) < newestMs ? 409 : null),
  slow: () => null,
  large: ({ body }) => (body.length > 100_000 ? 413 : null),
  unknown_type: (request) => (isVerified(request) && eventOf(request).type !== knownType ? 422 : null),
  rotation: (request) => (textOf(request.headers['webhook-signature']).split(' ')[0] === signatureOf(request) ? null : 401),
  replay: ({ headers }, { ids }) => (ids.has(textOf(headers['webhook-id'])) && headers['posthorn-replay'] ? 409 : null),
};

export interface TestReceiver {
  url: string;
  /** Every request that it got. */
  requests: Request[];
}

/** `flaw` absent: a correct receiver. `receipts`: it tells duplicates from others, or says that all are new. It ends with the test. */
export async function startTestReceiver(flaw?: CaseName, receipts?: 'true' | 'false'): Promise<TestReceiver> {
  const memory: Memory = { ids: new Set(), newestMs: 0 };
  const requests: Request[] = [];
  let line = Promise.resolve();
  const url = await startHttp((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const request = { headers: incoming.headers, body: Buffer.concat(chunks) };
      requests.push(request);
      const id = textOf(request.headers['webhook-id']);
      const status = (flaw && flaws[flaw](request, memory)) ?? (isVerified(request) ? 204 : 401);
      const receipt = receipts === 'true' && memory.ids.has(id) ? 'duplicate' : 'new';
      if (status === 204) {
        memory.ids.add(id);
        memory.newestMs = Math.max(memory.newestMs, Date.parse(eventOf(request).timestamp));
      }
      if (receipts) response.setHeader('posthorn-receipt', receipt);
      if (flaw === 'slow') line = line.then(() => wait(slowAnswerMs)).then(() => void response.writeHead(status).end());
      else response.writeHead(status).end();
    });
  });
  return { url, requests };
}

/** Ends with the test. Returns the URL. */
export async function startHttp(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
}
