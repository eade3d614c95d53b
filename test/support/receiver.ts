// An endpoint of a customer's, under the test's control: a real HTTP server that keeps what it gets and answers as told.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { reportFault } from './receiver-faults.ts';

export interface Received {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer;
  at: number;
  /** The same moment on this process's monotonic clock. */
  came: number;
  /** How it was answered, and when on the monotonic clock; null: not yet, or never. */
  answered: { status: number; at: number } | null;
  /** Requests to the same path under way when this one came, itself included. */
  atOnce: number;
}

/** May hold assertions: what it throws fails the test (receiver-faults.ts). */
export type Reply = (request: Received, response: ServerResponse, count: number) => void | Promise<void>;

export interface Receiver {
  url: string;
  requests: Received[];
  /** The requests with this `webhook-id`. */
  of(webhookId: string): Received[];
  /** How the requests to a path are answered from now on; 204 when nothing was said. `count` is from 1, per path and webhook-id. */
  answer(path: string, reply: Reply | number[]): void;
  close(): Promise<void>;
}

export async function startReceiver(port = 0): Promise<Receiver> {
  const requests: Received[] = [];
  const replies = new Map<string, Reply>();
  const counts = new Map<string, number>();
  const underWay = new Map<string, number>();

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = incoming.url ?? '/';
    underWay.set(path, (underWay.get(path) ?? 0) + 1);
    response.once('close', () => underWay.set(path, (underWay.get(path) ?? 1) - 1));
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]));
    const request: Received = {
      method: incoming.method ?? '',
      path,
      headers,
      body: Buffer.concat(chunks),
      at: Date.now(),
      came: performance.now(),
      answered: null,
      atOnce: underWay.get(path) ?? 1,
    };
    response.once('finish', () => {
      request.answered = { status: response.statusCode, at: performance.now() };
    });
    requests.push(request);
    const key = `${path} ${headers['webhook-id']}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    await answerTo(request, response, counts.get(key) ?? 1);
  }

  async function answerTo(request: Received, response: ServerResponse, count: number): Promise<void> {
    const reply = replies.get(request.path);
    if (!reply) return void response.writeHead(204).end();
    try {
      await reply(request, response, count);
    } catch (error) {
      reportFault(error);
      throw error;
    }
  }

  const server = createServer((incoming, response) => void handle(incoming, response).catch(() => response.destroy()));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    of: (webhookId) => requests.filter((request) => request.headers['webhook-id'] === webhookId),
    answer(path, reply) {
      replies.set(path, typeof reply === 'function' ? reply : inTurn(reply));
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Statuses in turn for each event; the last one repeats. */
function inTurn(statuses: number[]): Reply {
  return (_request, response, count) => {
    response.writeHead(statuses[Math.min(count, statuses.length) - 1] ?? 204).end();
  };
}
