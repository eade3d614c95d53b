// The MCP server, used by the SDK's own client over both transports, with the rights of its key.
import { once } from 'node:events';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createMcpHttpServer } from '#mcp/http';
import { type ApiServer, startApi } from '../api-server.ts';
import { attempted, planned, setStatus } from '../deliveries-at-hand.ts';

let api: ApiServer;
let tenant: string;
let endpoint: string;
let event: string;
let delivery: string;
let scoped: string;
let bound: string;
beforeAll(async () => {
  api = await startApi();
  tenant = await api.makeTenant();
  endpoint = (await api.makeEndpoint(tenant, 'http://127.0.0.1:9/hook')).id;
  event = await api.postEvent(tenant);
  [delivery = ''] = await planned(api, tenant, event, [endpoint]);
  await attempted(api, delivery, 1, { outcome: 'http_status', message: 'HTTP 503 from 127.0.0.1:9' });
  await setStatus(api, delivery, 'dead_lettered');
  const keyWith = async (settings: object) => (await api.post('/v1/api-keys', { name: 'mcp', ...settings })).body.key as string;
  scoped = await keyWith({ scopes: ['deliveries:read', 'endpoints:read'] });
  bound = await keyWith({ scopes: ['admin'], tenant: await api.makeTenant() });
});
afterAll(() => api.close());

async function httpServer(write: boolean): Promise<string> {
  const server = createMcpHttpServer({ apiUrl: api.origin, version: '1.0.0', write, hosts: ['127.0.0.1'], onError: () => undefined });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

async function connected(transport: StreamableHTTPClientTransport | StdioClientTransport): Promise<Client> {
  const client = new Client({ name: 'test', version: '1.0.0' });
  await client.connect(transport);
  onTestFinished(() => client.close());
  return client;
}

const overHttp = async (key: string, write = false) =>
  connected(
    new StreamableHTTPClientTransport(new URL(await httpServer(write)), { requestInit: { headers: { authorization: `Bearer ${key}` } } }),
  );

const overStdio = (key: string, write = false) =>
  connected(
    new StdioClientTransport({
      command: process.execPath,
      args: ['src/cli/main.ts', 'mcp', ...(write ? ['--write'] : [])],
      env: { ...(process.env as Record<string, string>), POSTHORN_URL: api.origin, POSTHORN_API_KEY: key },
    }),
  );

/** What the tool answered, or its error text. */
async function use(client: Client, name: string, args: Record<string, unknown> = {}): Promise<unknown> {
  const { content, isError } = await client.callTool({ name, arguments: args });
  const text = (content as { text: string }[])[0]?.text ?? '';
  return isError ? `error: ${text}` : JSON.parse(text);
}

const writing = ['replay_delivery', 'cancel_delivery', 'create_replay', 'pause_endpoint', 'resume_endpoint', 'check_endpoint'];
const adminKey = 'test-key-0123456789abcdef';

describe.each([
  ['streamable HTTP', overHttp],
  ['stdio', overStdio],
])('over %s', (_, connect) => {
  it('searches, explains and reads health, and has no tool that changes anything', async () => {
    const client = await connect(scoped);
    const { tools } = await client.listTools();
    expect(tools.length).toBeGreaterThan(8);
    expect(tools.filter(({ annotations }) => !annotations?.readOnlyHint)).toEqual([]);
    expect(await use(client, 'search_deliveries', { endpoint, status: ['dead_lettered', 'retrying'] })).toMatchObject({
      data: [{ id: delivery }],
    });
    expect(await use(client, 'explain_event', { tenant, event })).toMatchObject({ data: [{ endpoint, code: 'dead_lettered' }] });
    expect(await use(client, 'get_delivery', { delivery })).toMatchObject({
      delivery: { status: 'dead_lettered' },
      attempts: { data: [{ message: 'HTTP 503 from 127.0.0.1:9' }] },
    });
    expect(await use(client, 'endpoint_health', { endpoint })).toMatchObject({
      endpoint: { gate: 'open' },
      stats: { totals: expect.anything() },
      lane: expect.anything(),
      alerts: [],
    });
    // tools that exist only with --write are unknown, whatever the key may do
    await expect(use(client, 'pause_endpoint', { endpoint })).rejects.toThrow(/pause_endpoint/);
  });

  it('changes something with --write', async () => {
    const client = await connect(adminKey, true);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(writing));
    expect(await use(client, 'pause_endpoint', { endpoint })).toMatchObject({ id: endpoint, gate: 'held' });
    expect(await use(client, 'resume_endpoint', { endpoint })).toMatchObject({ id: endpoint, gate: 'open' });
    expect(await use(client, 'replay_delivery', { delivery, reason: 'repaired' })).toMatchObject({ id: delivery, status: 'pending' });
    await setStatus(api, delivery, 'dead_lettered');
  });
});

describe('the key of the caller', () => {
  it('decides: missing scopes, other tenants and wrong ids are told to the model', async () => {
    const client = await overHttp(scoped, true);
    expect(await use(client, 'pause_endpoint', { endpoint })).toMatch(/^error: The API answered 403/);
    const other = await overHttp(bound, true);
    // it is about all tenants
    expect(await use(other, 'system_health')).toMatch(/^error: The API answered 403/);
    expect(await use(other, 'get_delivery', { delivery })).toMatch(/^error: The API answered 404/);
    expect(await use(other, 'search_deliveries')).toMatchObject({ data: [] });
    const wrong = await use(client, 'search_deliveries', { since: 'yesterday' });
    expect(wrong).toMatch(/^error: The API answered 422.*since/);
    // it would lead to another path
    expect(await use(client, 'get_event_type', { type: '..' })).toMatch(/^error: .*cannot be an id in a path/);
  });

  it('is checked over HTTP before anything else, as are the host and the origin', async () => {
    const url = new URL(await httpServer(false));
    const ask = (headers: Record<string, string>, path = url.pathname) =>
      new Promise<number>((resolve, reject) => {
        const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
        const accept = 'application/json, text/event-stream';
        const sent = request(
          { host: url.hostname, port: url.port, path, method: 'POST', headers: { accept, 'content-type': 'application/json', ...headers } },
          (response) => {
            response.resume();
            resolve(response.statusCode ?? 0);
          },
        );
        sent.on('error', reject).end(body);
      });
    const authorization = `Bearer ${scoped}`;
    expect(await ask({})).toBe(401);
    expect(await ask({ authorization: 'Bearer wrong' })).toBe(401);
    expect(await ask({ authorization: 'Bearer phk_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' })).toBe(401);
    expect(await ask({ authorization, host: 'attacker.example' })).toBe(403);
    expect(await ask({ authorization, origin: 'https://attacker.example' })).toBe(403);
    expect(await ask({ authorization, origin: 'null' })).toBe(403);
    expect(await ask({ authorization, origin: url.origin })).toBe(200);
    expect(await ask({ authorization }, '/')).toBe(404);
    expect(await ask({ authorization })).toBe(200);
  });
});
