// Problem documents (RFC 9457): one error class, and one function that turns any error into it.
import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { MakerRevoked } from '#db/access/key-descendants';
import { TooManyEndpoints } from '#db/endpoints/endpoint-limits';
import { isStoreAway } from '#db/store/errors';
import type { EndpointLimit } from '#domain/endpoints/endpoint-limits';
import { howCompared } from '#domain/events/event';
import { readFault } from '#domain/faults/fault';
import { faultCodes } from '#domain/faults/fault-texts';
import { TooManyWaiting } from '#relay/backlog';
import { codeOfStatus, type ProblemCode, problemCodes } from './problem-codes.ts';

export const fieldError = z.object({
  path: z
    .string()
    .describe(
      'The field of the request, such as `events[7].type`. Within JSON that you define, such as the data of an event, a JSON pointer follows: `events[7].data/items/0/price`. Empty: the whole body.',
    ),
  message: z.string().describe('What is wrong with the field.'),
  code: z
    .enum(faultCodes)
    .optional()
    .describe(
      'What is wrong, for programs that say it in words of their own. Expect codes that are not listed. Absent: the message says it alone.',
    ),
  facts: z
    .record(z.string(), z.string())
    .optional()
    .describe('With a code: what the message says beside it, such as `most` of `too_long`. Which there are depends on the code.'),
  schema: z
    .string()
    .optional()
    .describe('Of data that violates the schema of its event type: JSON pointer of the violated keyword within the schema.'),
});
export type FieldError = z.infer<typeof fieldError>;

const problemExample = {
  type: 'about:blank',
  title: 'Unprocessable Entity',
  status: 422,
  code: 'invalid',
  detail: 'type is missing',
  errors: [{ path: 'type', message: 'is missing', code: 'missing', facts: {} }],
};

export const problemDocument = z
  .object({
    type: z.string().describe('Always `about:blank`.'),
    title: z.string().describe('The name of the HTTP status.'),
    status: z.int().describe('The HTTP status of this answer.'),
    code: z.enum(problemCodes).describe('What is wrong, for programs. Expect codes that are not listed.'),
    detail: z.string().describe('What is wrong and what to do, for people to read. Do not parse it.'),
    errors: z.array(fieldError).describe('The invalid fields, at most 100. Empty where no field is to blame.'),
  })
  .describe('An error (RFC 9457). Quote the x-request-id header of the answer when you report a problem.')
  .meta({ examples: [problemExample] });

export interface ProblemOptions {
  /** Absent: the one of the status. */
  code?: ProblemCode;
  errors?: FieldError[];
  headers?: Record<string, string>;
  cause?: unknown;
}

/** An answer with status 400 or more. `detail` is shown to the caller, so it must not reveal internals. */
export class Problem extends Error {
  override name = 'Problem';
  readonly status: number;
  readonly code: ProblemCode;
  readonly errors: FieldError[];
  readonly headers: Record<string, string>;

  constructor(status: number, detail: string, { code = codeOfStatus(status), errors = [], headers = {}, cause }: ProblemOptions = {}) {
    super(detail, { cause });
    this.status = status;
    this.code = code;
    this.errors = errors;
    this.headers = headers;
  }
}

export function problemText(problem: Problem): string {
  const { status, code, message: detail, errors } = problem;
  const title = STATUS_CODES[status] ?? 'Error';
  return JSON.stringify({ type: 'about:blank', title, status, code, detail, errors: errors.map(withCode) });
}

const withCode = (error: FieldError): FieldError => (error.code ? error : { ...error, ...readFault(error.message) });

/** 409: another event of the tenant already has the posted id. */
export function takenByOther(): Problem {
  const errors = [{ path: 'id', message: 'is already used by an event with different content' }];
  return new Problem(409, `The id is already used by an event with different content. ${howCompared}`, { errors });
}

/** `path`: the field of the request that names it. */
export function notFound(what: string, path?: string): Problem {
  const errors = path === undefined ? [] : [{ path, message: `There is no such ${what}.` }];
  return new Problem(404, `There is no such ${what}.`, { errors });
}

/** 401. The text is the same for every reason, so that it tells an attacker nothing. */
export function unauthorized(): Problem {
  return new Problem(401, 'The API key is missing or not valid. Send it as `Authorization: Bearer <key>`.', {
    headers: { 'www-authenticate': 'Bearer' },
  });
}

/** 422. `detail` repeats the first of the errors. */
export function invalid(errors: FieldError[]): Problem {
  const [first] = errors;
  return new Problem(
    422,
    first ? `${first.path === '' ? 'The body' : first.path} ${first.message}`.slice(0, 500) : 'The request is not valid.',
    { errors },
  );
}

/** Turns any error into a Problem. An unknown error becomes a 500 that has the error as its cause. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isStoreAway(error)) {
    const detail = 'The database is unavailable, so the request is not confirmed. Retry it with the same id or Idempotency-Key.';
    return new Problem(503, detail, { headers: { 'retry-after': '1' }, cause: error });
  }
  if (error instanceof MakerRevoked) return unauthorized();
  if (error instanceof TooManyEndpoints)
    return new Problem(409, limitDetail(error.limit), { code: error.limit.of === 'tenant' ? 'endpoint_limit' : 'host_limit' });
  if (error instanceof TooManyWaiting) {
    const events = error.scope === 'all' ? 'events' : 'events of this tenant';
    const detail = `Too many ${events} are waiting in the outbox. Nothing of this request was stored. Retry after the time in Retry-After.`;
    return new Problem(429, detail, { headers: { 'retry-after': String(error.retryAfterSeconds) } });
  }
  return (
    fromExpress(error) ?? new Problem(500, 'Internal error. Quote the x-request-id of this answer when you report it.', { cause: error })
  );
}

function limitDetail({ of, most }: EndpointLimit): string {
  if (of === 'tenant')
    return `The tenant has reached its limit of ${most} endpoints (maxEndpoints). Delete an endpoint, or ask an administrator to raise the limit.`;
  return `With a portal link a tenant can have at most ${most} endpoints at one host, and it has reached that limit. Use an existing endpoint, or ask your provider.`;
}

const details: Record<number, string> = {
  400: 'The request is malformed.',
  415: 'The body must not be compressed. Send no Content-Encoding.',
};

/**
 * Express and its body reader throw errors with a status of 400 to 499 when the request is at fault. Null: any other
 * error.
 */
function fromExpress(error: unknown): Problem | null {
  const status = (error as { status?: unknown } | null)?.status;
  if (typeof status !== 'number' || status < 400 || status > 499) return null;
  return new Problem(status, detailOf(status, error), { cause: error });
}

function detailOf(status: number, error: unknown): string {
  const { limit } = error as { limit?: unknown };
  if (status === 413 && typeof limit === 'number')
    return `The body is larger than ${limit.toLocaleString('en')} bytes, the limit of this operation.`;
  return details[status] ?? 'The request is not valid.';
}
