// Mounts routes into an Express app: reads and validates requests, calls the handlers, sends the
// answers.
import type { Express, Request, RequestHandler, Response } from 'express';
import type { z } from 'zod';
import type { TraceContext } from '#domain/events/trace-context';
import { auditOf } from './access/audit-of.ts';
import { callerOf, keyOwnerOf, requireScope } from './access/auth.ts';
import { hashRequest, type IdempotencyDeps, once, readKey } from './access/idempotency.ts';
import { createTenantConcurrency, type TenantConcurrency } from './access/tenant-concurrency.ts';
import { guardTenant } from './access/tenant-guard.ts';
import { freshIds } from './http/ids.ts';
import { matching } from './http/if-match.ts';
import { invalid, notFound, Problem } from './http/problem.ts';
import { defaultBodyLimit, parseBody, rawBody, requireJson } from './http/read-body.ts';
import { send } from './http/respond.ts';
import { type Answer, type Call, isKeyed, type Route } from './http/route.ts';
import { validate } from './http/validate.ts';

export function mountRoutes(app: Express, routes: Route[], deps: IdempotencyDeps): void {
  const concurrency = createTenantConcurrency();
  for (const route of routes) {
    const reading = route.method === 'post' || route.body ? [requireJson, rawBody(route.bodyLimit ?? defaultBodyLimit)] : [];
    app[route.method](route.path, requireScope(route), ...reading, handle(guardTenant(route, deps.db), deps, concurrency));
  }
}

/** 405 for the paths of these routes. To be mounted after all routes of these paths. */
export function refuseOtherMethods(app: Express, routes: readonly Route[]): void {
  for (const [path, methods] of methodsByPath(routes)) app.all(path, refuseMethod(methods));
}

function handle(route: Route, deps: IdempotencyDeps, concurrency: TenantConcurrency): RequestHandler {
  return async (request, response) => {
    const caller = callerOf(response);
    const { params, query } = readAddress(route, request);
    const lastEventId = route.live ? (request.get('last-event-id') ?? null) : null;
    const call = {
      params,
      query,
      ...readContent(route, request),
      caller,
      lastEventId,
      audit: auditOf(route, caller, response),
      trace: traceOf(response),
      accept: request.headers.accept,
      requireMatch: matching(route.heedsIfMatch && request.headers['if-match']),
    };
    const key = isKeyed(route) ? request.headers['idempotency-key'] : undefined;
    const run = () => (key === undefined ? route.handler({ ...call, ids: freshIds }) : runOnce(route, deps, request, call, String(key)));
    const leave = concurrency.enter(caller, route);
    send(response, leave ? await counted(run, leave, response) : await run());
  };
}

/** As the observation of requests has put it there. */
function traceOf({ locals }: Response): TraceContext | null {
  return locals.trace ?? null;
}

/** Calls `leave` when the request is done. A streamed answer is done when its connection closes. */
async function counted(run: () => Promise<Answer>, leave: () => void, response: Response): Promise<Answer> {
  let isStreaming = false;
  try {
    const answered = await run();
    isStreaming = answered.stream !== undefined && !response.closed;
    return answered;
  } finally {
    if (isStreaming) response.once('close', leave);
    else leave();
  }
}

function runOnce(
  route: Route,
  deps: IdempotencyDeps,
  request: Request,
  call: Omit<Call<unknown, unknown, unknown>, 'ids'>,
  key: string,
): Promise<Answer> {
  return once(deps, {
    ...readKey(key, keyOwnerOf(call.caller)),
    requestHash: hashRequest(request.method, request.originalUrl, request.body, request.headers['if-match']),
    run: (ids) => route.handler({ ...call, ids }),
  });
}

function readAddress(route: Route, request: Request): { params: unknown; query: unknown } {
  const params = route.params?.safeParse(request.params);
  if (params && !params.success) throw notFound(String(params.error.issues[0]?.path[0] ?? 'path'));
  // Express parses the query again on every access
  const query = route.query || request.url.includes('?') ? readQuery(route.query, request.query) : {};
  return { params: params?.data ?? {}, query };
}

function readQuery(schema: z.ZodObject | undefined, query: unknown): unknown {
  if (schema) return validate(schema, query);
  const unknown = Object.keys(query as object);
  if (unknown.length > 0) throw invalid(unknown.slice(0, 100).map((name) => ({ path: name.slice(0, 200), message: 'unknown parameter' })));
  return {};
}

function readContent(route: Route, request: Request): { body: unknown; members: Map<string, string> } {
  const parsed = parseBody(request.body);
  if (!route.body) {
    const unknown = [...(parsed?.members.keys() ?? [])];
    if (unknown.length > 0) throw invalid(unknown.slice(0, 100).map((name) => ({ path: name.slice(0, 200), message: 'unknown field' })));
    return { body: undefined, members: new Map() };
  }
  if (!parsed && !route.bodyOptional) throw new Problem(400, 'The request needs a JSON body.');
  const { value, members } = parsed ?? { value: {}, members: new Map<string, string>() };
  return { body: validate(route.body, value), members };
}

function methodsByPath(routes: readonly Route[]): Map<string, string> {
  const byPath = new Map<string, string>();
  for (const { path, method } of routes) {
    const earlier = byPath.get(path);
    const names = method === 'get' ? 'GET, HEAD' : method.toUpperCase();
    byPath.set(path, earlier === undefined ? names : `${earlier}, ${names}`);
  }
  return byPath;
}

function refuseMethod(allow: string): RequestHandler {
  return (request) => {
    throw new Problem(405, `The method ${request.method} is not allowed for this path. Allowed: ${allow}.`, { headers: { allow } });
  };
}
