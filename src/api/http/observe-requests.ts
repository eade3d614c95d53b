// What is seen of each request: its id, its metrics, its span when traces are on, and one line in the log.
import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import type { Caller } from '#domain/access/access';
import { readTraceContext } from '#domain/events/trace-context';
import type { Logger } from '#runtime/logger';
import type { RequestMetrics } from '#telemetry/request-metrics';
import type { RequestSpan, Tracing } from '#tracing/tracing';

export interface Observation {
  log: Logger;
  requests: RequestMetrics;
  /** Absent: traces are off. */
  tracing?: Pick<Tracing, 'request'> | undefined;
}

/** Their successes are the bulk of all requests and tell nothing by themselves: metrics count them. */
const routine = new Set(['/v1/tenants/:tenant/events', '/v1/tenants/:tenant/events/batch', '/healthz', '/readyz', '/metrics']);

/**
 * Sets `x-request-id` on every answer: the caller's if it is 1 to 128 visible ASCII characters, else a random one. Logs the
 * end of each request, at `debug` if it is a success of one of the busiest routes.
 */
export function observeRequests({ log, requests, tracing }: Observation): RequestHandler {
  const logsRoutine = log.isLevelEnabled('debug');
  const logsOthers = log.isLevelEnabled('info');
  return (request, response, next) => {
    const startMs = performance.now();
    const given = request.headers['x-request-id'];
    const requestId = typeof given === 'string' && /^[\x21-\x7e]{1,128}$/.test(given) ? given : randomUUID();
    response.setHeader('x-request-id', requestId);
    // a router that is mounted below changes it
    const { method, url } = request;
    const span = traceOf(request, response, tracing);
    response.once('close', () => {
      const ms = performance.now() - startMs;
      const route = routeOf(request, url);
      const status = response.writableFinished ? response.statusCode : null;
      requests.answered(method, route, status, ms);
      span?.end({ method, route, status, requestId });
      const isRoutine = status !== null && status < 400 && route !== undefined && routine.has(route);
      if (isRoutine ? !logsRoutine : !logsOthers) return;
      const traceId = span?.context?.slice(3, 35);
      const line = { method, route, path: pathOf(url), status, ms: Math.round(ms), requestId, ...callerOf(response), traceId };
      if (isRoutine) log.debug(line, 'api.request');
      else log.info(line, 'api.request');
    });
    next();
  };
}

/** Puts the trace of what the request creates on `response.locals`. */
function traceOf({ method, headers }: Request, { locals }: Response, tracing: Observation['tracing']): RequestSpan | undefined {
  const { traceparent, tracestate } = headers;
  const given = typeof traceparent === 'string' ? readTraceContext(traceparent, tracestate) : null;
  const span = tracing?.request(method, given);
  locals.trace = span ? span.context : given;
  return span;
}

/** The path of the route, with names in place of ids. Undefined: the request reached none. */
function routeOf({ route }: Request, url: string): string | undefined {
  if (url.startsWith('/sandbox/')) return '/sandbox';
  if (/^\/docs(\/|$)/.test(url)) return '/docs';
  const path: unknown = route?.path;
  return typeof path === 'string' ? path : undefined;
}

/** The path for the log, without the subject of an erasure, which names a person. */
export function pathOf(url: string): string {
  const end = url.indexOf('?');
  return (end < 0 ? url : url.slice(0, end)).replace(/(\/subjects\/)[^/]+/i, '$1…');
}

/** Who asked, and the tenant to which its key is bound. */
function callerOf({ locals }: Response): { caller?: string; tenant?: string | undefined } {
  const caller: Caller | undefined = locals.caller;
  return caller ? { caller: caller.id ?? caller.kind, tenant: caller.tenant?.key } : {};
}
