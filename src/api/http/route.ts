// The definition of a route: path, schemas, scope, examples and handler in one place.
// The OpenAPI document is generated from the same definitions.
import type { z } from 'zod';
import type { Audit } from '#db/audit/audit';
import type { Caller, Scope } from '#domain/access/access';
import type { AuditAction } from '#domain/access/audit';
import type { TraceContext } from '#domain/events/trace-context';
import type { Ids } from './ids.ts';
import type { RequireMatch } from './if-match.ts';

export type Method = 'get' | 'post' | 'patch' | 'delete';

export interface Call<Params, Query, Body> {
  params: Params;
  query: Query;
  body: Body;
  /** The JSON text of each member of the body, as the caller sent it: JSON.parse would round numbers. */
  members: Map<string, string>;
  caller: Caller;
  /** The header Last-Event-ID; null: there is none. Only for a `live` route. */
  lastEventId: string | null;
  /**
   * Only for a route with an `audit` action. The handler passes it to the function that makes the change, which writes
   * it in the same transaction.
   */
  audit: Audit;
  /** The header of this name. */
  accept: string | undefined;
  /** To be called with the tags of the resource, under the lock of its change. Only for a route that `heedsIfMatch`. */
  requireMatch: RequireMatch;
  /** The trace of what this call creates. Null: none. */
  trace: TraceContext | null;
  /** Makes the ids of what this call creates: the same ids when the call is repeated with its Idempotency-Key. */
  ids: Ids;
}

export interface Answer {
  status: number;
  /** The body; null: no body, or the body is a `stream`. */
  text: string | null;
  /** The body in pieces, with backpressure. */
  stream?: AsyncIterable<string>;
  /** Only with a `stream`: closes the connection when it is aborted, even if the client reads nothing. */
  cut?: AbortSignal;
  type?: string;
  headers?: Record<string, string>;
  /** The `etag` of the body, which is sent as header, too. */
  etag?: string;
}

export interface AnswerSpec {
  description: string;
  schema?: z.ZodType;
  /** Media types other than application/json. Without a schema the content is a text. */
  types?: string[];
  /** A JSON value, or the text of another media type. Where there are several `types`: of the first. */
  example?: unknown;
}

interface RouteFacts {
  method: Method;
  /** In the syntax of Express, such as /v1/tenants/:tenant. */
  path: string;
  operationId: string;
  /** A short imperative, such as "Create a tenant". */
  summary: string;
  /** Whole sentences that a reader understands without other documents. */
  description: string;
  /** The action in the audit log. Every route that changes something has one, except posting events. */
  audit?: AuditAction;
  /** `open`: needs no key. `any`: needs a key or portal link, with any scope. */
  scope: 'open' | 'any' | Scope;
  /** Refused for callers that are bound to a tenant. */
  allTenants?: true;
  /** Belongs to no tenant, and is there for callers that are bound to one, too, although its path names none. */
  shared?: true;
  /** Ignores an Idempotency-Key: anybody may call it, so its callers have no names that separate their keys. */
  unkeyed?: true;
  /** Its resource has an etag: If-Match is heeded. */
  heedsIfMatch?: true;
  /** Its answer lasts as long as the client wants. A client that comes back sends Last-Event-ID. */
  live?: true;
  /** Only with `body`: its maximum size in bytes (64 KiB by default), and whether it can be left out. */
  bodyLimit?: number;
  bodyOptional?: boolean;
  answers: Record<number, AnswerSpec>;
  /** Statuses of 400 and more, in addition to those that every route of its kind can answer. */
  problems?: number[];
}

export interface Route extends RouteFacts {
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
  bodyExample?: unknown;
  handler(call: Call<unknown, unknown, unknown>): Promise<Answer>;
}

interface RouteSpec<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> extends RouteFacts {
  /** A value that does not match is a 404. */
  params?: P;
  query?: Q;
  body?: B;
  /** An example of `body` for the OpenAPI document. */
  bodyExample?: z.input<B>;
  handler(call: Call<z.output<P>, z.output<Q>, z.output<B>>): Promise<Answer>;
}

export function route<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType>(spec: RouteSpec<P, Q, B>): Route {
  return spec;
}

/** Whether an Idempotency-Key makes a retry of the request safe. */
export function isKeyed({ method, unkeyed }: Pick<Route, 'method' | 'unkeyed'>): boolean {
  return (method === 'post' || method === 'patch') && !unkeyed;
}

export function answer(status: number, value: unknown): Answer {
  return { status, text: JSON.stringify(value), ...etagIn(value) };
}

/** Of a body that shows a resource with an etag. */
export function etagIn(body: unknown): Pick<Answer, 'etag'> {
  const { etag } = (body ?? {}) as { etag?: unknown };
  return typeof etag === 'string' ? { etag } : {};
}

export const noContent: Answer = { status: 204, text: null };
