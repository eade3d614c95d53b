// The MCP server over streamable HTTP: one path, no sessions. Each request brings an API key, which
// its tools use. Requests for other host names and of other web pages are refused (DNS rebinding).
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import {
  createMcpHandler,
  hostHeaderValidationResponse,
  localhostAllowedHostnames,
  type McpHttpHandler,
  originValidationResponse,
} from '@modelcontextprotocol/server';
import { PosthornConnectionError, PosthornProblem } from '#client';
import { createApi } from './api.ts';
import { createMcpServer, type McpOptions } from './server.ts';

export const mcpPath = '/mcp';
/** The names of this machine. */
export const localNames: readonly string[] = localhostAllowedHostnames();

export interface McpHttpOptions extends McpOptions {
  /** The origin of the API. */
  apiUrl: string;
  /** The host names under which clients reach this server, without port. */
  hosts: readonly string[];
  onError(error: Error): void;
}

/** Not listening yet. */
export function createMcpHttpServer(options: McpHttpOptions): Server {
  const { apiUrl, hosts, onError } = options;
  const accepts = createKeyCheck(apiUrl);
  const handler = createMcpHandler(({ authInfo }) => createMcpServer(createApi(apiUrl, authInfo?.token ?? ''), options), {
    onerror: onError,
  });
  const answer = async (request: Request): Promise<Response> => {
    const foreign = hostHeaderValidationResponse(request, [...hosts]) ?? originValidationResponse(request, [...hosts]);
    if (foreign) return foreign;
    if (new URL(request.url).pathname !== mcpPath) return Response.json({ error: `MCP is served at ${mcpPath}` }, { status: 404 });
    return withKey(request, handler, accepts);
  };
  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing, answer).catch((error: Error) => {
      onError(error);
      outgoing.destroy();
    });
  });
  server.once('close', () => void handler.close());
  return server;
}

async function withKey(request: Request, handler: McpHttpHandler, accepts: KeyCheck): Promise<Response> {
  const [, token] = /^bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '') ?? [];
  const verdict = token === undefined ? 'unknown' : await accepts(token);
  if (token !== undefined && verdict === 'accepted')
    return handler.fetch(request, { authInfo: { token, clientId: 'posthorn', scopes: [] } });
  if (verdict === 'unreachable')
    return Response.json({ error: 'the API of Posthorn was not reached' }, { status: 503, headers: { 'retry-after': '1' } });
  const error = 'Send an API key of Posthorn as `Authorization: Bearer <key>`.';
  return Response.json({ error }, { status: 401, headers: { 'www-authenticate': 'Bearer' } });
}

type KeyCheck = (key: string) => Promise<'accepted' | 'unknown' | 'unreachable'>;

/** The API decides. Every call of a tool is decided by the API again, so nothing is remembered here. */
function createKeyCheck(apiUrl: string): KeyCheck {
  return async (key) => {
    try {
      await createApi(apiUrl, key, 0).get('/v1/tenants', { limit: 1 });
      return 'accepted';
    } catch (error) {
      if (error instanceof PosthornConnectionError) return 'unreachable';
      if (!(error instanceof PosthornProblem)) throw error;
      if (error.status >= 500) return 'unreachable';
      // any other refusal, such as a missing scope, is about the call and not about the key
      return error.status === 401 ? 'unknown' : 'accepted';
    }
  };
}

async function serve(incoming: IncomingMessage, outgoing: ServerResponse, answer: (request: Request) => Promise<Response>): Promise<void> {
  const gone = new AbortController();
  outgoing.once('close', () => gone.abort());
  const response = await answer(webRequest(incoming, gone.signal));
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  if (response.body === null) outgoing.end();
  else await pipeline(Readable.fromWeb(response.body as ReadableStream), outgoing).catch(() => undefined);
}

function webRequest(incoming: IncomingMessage, signal: AbortSignal): Request {
  const { method = 'GET', url = '/', headers } = incoming;
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const pairs = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, [value].flat().join(', ')]]));
  const host = URL.canParse(`http://${headers.host}`) ? headers.host : 'invalid';
  return new Request(new URL(url, `http://${host}`), {
    method,
    headers: pairs as [string, string][],
    signal,
    ...(hasBody && { body: Readable.toWeb(incoming) as ReadableStream<Uint8Array<ArrayBuffer>>, duplex: 'half' }),
  } as RequestInit);
}
