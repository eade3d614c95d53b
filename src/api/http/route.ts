// A route: its path, schemas, auth and handler in one place. The OpenAPI document is made of the same table.
import type { z } from 'zod';
import type { Audit } from '#db/audit/audit';
import type { Caller, Scope } from '#domain/access';
import type { AuditAction } from '#domain/audit';
import type { Ids } from './ids.ts';

export type Method = 'get' | 'post' | 'patch' | 'delete';

export interface Call<Params, Query, Body> {
  params: Params;
  query: Query;
  body: Body;
  /** The body's members as the caller wrote them: where numbers must not be rounded. */
  members: Map<string, string>;
  caller: Caller;
  /** Of a route that states its `audit`: to be handed to what makes the change, which writes it in the same transaction. */
  audit: Audit;
  /** Makes the ids of what this call creates; the same again when the call is repeated with its Idempotency-Key. */
  ids: Ids;
}

export interface Answer {
  status: number;
  /** The body's text; null: none, unless there is a `stream`. */
  text: string | null;
  /** The body piece by piece, as fast as it is read. */
  stream?: AsyncIterable<string>;
  type?: string;
  headers?: Record<string, string>;
}

export interface AnswerSpec {
  description: string;
  schema?: z.ZodType;
  /** Other than application/json; without a schema it is a text. */
  types?: string[];
}

interface RouteFacts {
  method: Method;
  /** As Express reads it, such as /v1/tenants/:tenant. */
  path: string;
  operationId: string;
  summary: string;
  /** What a change is called in the audit log. Every route that changes something has one; posted events are their own log. */
  audit?: AuditAction;
  /** `open`: no key is asked for. */
  scope: 'open' | Scope;
  /** Nobody who is bound to one tenant may. */
  allTenants?: true;
  /** Only with `body`: how many bytes (64 KiB by default), and whether it may be absent. */
  bodyLimit?: number;
  bodyOptional?: boolean;
  answers: Record<number, AnswerSpec>;
  /** Statuses of 400 and more that are the route's own, beyond those that every route of its kind may give. */
  problems?: number[];
}

export interface Route extends RouteFacts {
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
  handler(call: Call<unknown, unknown, unknown>): Promise<Answer>;
}

interface RouteSpec<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> extends RouteFacts {
  /** A value that does not fit is an unknown id: 404. */
  params?: P;
  query?: Q;
  body?: B;
  handler(call: Call<z.output<P>, z.output<Q>, z.output<B>>): Promise<Answer>;
}

export function route<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType>(spec: RouteSpec<P, Q, B>): Route {
  return spec;
}

export function answer(status: number, value: unknown): Answer {
  return { status, text: JSON.stringify(value) };
}

export const noContent: Answer = { status: 204, text: null };
