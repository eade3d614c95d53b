// A real HTTP server as the receiver behind an endpoint: it records requests and answers as
// configured.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { reportFault } from './receiver-faults.ts';

export interface Received {
  method: string;
  path: string;
  headers: Record<string, string>;
  /** Names and values as they were sent, in order. */
  sentHeaders: [string, string][];
  body: Buffer;
  at: number;
  /** The time of `at` on this process's monotonic clock. */
  came: number;
  /** The status of the response, and when it was sent on the monotonic clock. Null: not yet, or never. */
  answered: { status: number; at: number } | null;
  /** Requests in flight to the same path when this one arrived, including itself. */
  atOnce: number;
}

/** May contain assertions: an error that it throws fails the test (receiver-faults.ts). */
export type Reply = (request: Received, response: ServerResponse, count: number) => void | Promise<void>;

export interface Receiver {
  url: string;
  requests: Received[];
  /** The requests with this `webhook-id`. */
  of(webhookId: string): Received[];
  /**
   * Sets how requests to a path are answered from now on; the default is 204. `count` starts at 1 for each path and
   * webhook-id.
   */
  answer(path: string, reply: Reply | number[]): void;
  close(): Promise<void>;
}

export async function startReceiver(port = 0): Promise<Receiver> {
  const requests: Received[] = [];
  const replies = new Map<string, Reply>();
  const counts = new Map<string, number>();
  const inFlight = new Map<string, number>();

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = incoming.url ?? '/';
    inFlight.set(path, (inFlight.get(path) ?? 0) + 1);
    response.once('close', () => inFlight.set(path, (inFlight.get(path) ?? 1) - 1));
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]));
    const request: Received = {
      method: incoming.method ?? '',
      path,
      headers,
      sentHeaders: incoming.rawHeaders.flatMap((name, n, all) => (n % 2 === 0 ? [[name, all[n + 1] ?? '']] : [])),
      body: Buffer.concat(chunks),
      at: Date.now(),
      came: performance.now(),
      answered: null,
      atOnce: inFlight.get(path) ?? 1,
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

/** Answers the requests of each event with these statuses, in order. The last one repeats. */
function inTurn(statuses: number[]): Reply {
  return (_request, response, count) => {
    response.writeHead(statuses[Math.min(count, statuses.length) - 1] ?? 204).end();
  };
}
