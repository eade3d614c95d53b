// A gate in front of the API: it passes requests on, refuses them, or acts between the API's answer and its arrival.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Refusal {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

export interface Gate {
  url: string;
  /** The bodies of the requests that arrived, in order. */
  seen: string[];
  /** Called with the body before it is passed on. An answer is given in place of the API's; null: it is passed on. */
  before: (body: string) => Refusal | null;
  /** Called when the API has answered, before the answer is passed on. */
  after: (body: string) => Promise<void> | void;
  close(): Promise<void>;
}

export async function startGate(origin: string): Promise<Gate> {
  const server = createServer((request, response) => void pass(request, response).catch(() => response.destroy()));
  const pass = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    gate.seen.push(body);
    const own = gate.before(body);
    if (own) return void response.writeHead(own.status, own.headers).end(own.body);
    const { authorization = '', 'content-type': type = '' } = request.headers;
    const method = request.method ?? 'GET';
    const answer = await fetch(`${origin}${request.url}`, { method, body, headers: { authorization, 'content-type': type } });
    const text = await answer.text();
    await gate.after(body);
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' }).end(text);
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const gate: Gate = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen: [],
    before: () => null,
    after: () => undefined,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return gate;
}
