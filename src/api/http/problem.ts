// What goes wrong, as RFC 9457 problem documents: one error class, and one place that turns any error into it.
import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { MakerRevoked } from '#db/access/key-descendants';
import { TooManyEndpoints } from '#db/endpoints/endpoint-limits';
import { isStoreAway } from '#db/store/errors';
import type { EndpointLimit } from '#domain/endpoint-limits';
import { howCompared } from '#domain/event';
import { TooManyWaiting } from '#relay/backlog';

export const fieldError = z.object({ path: z.string().describe('such as events[7].type'), message: z.string() });
export type FieldError = z.infer<typeof fieldError>;

export const problemDocument = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  errors: z.array(fieldError),
});

export interface ProblemOptions {
  errors?: FieldError[];
  headers?: Record<string, string>;
  cause?: unknown;
}

/** An answer of 400 or more. `detail` is for the caller to read and says nothing of our insides. */
export class Problem extends Error {
  override name = 'Problem';
  readonly status: number;
  readonly errors: FieldError[];
  readonly headers: Record<string, string>;

  constructor(status: number, detail: string, { errors = [], headers = {}, cause }: ProblemOptions = {}) {
    super(detail, { cause });
    this.status = status;
    this.errors = errors;
    this.headers = headers;
  }
}

export function problemText(problem: Problem): string {
  const { status, message: detail, errors } = problem;
  return JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, errors });
}

/** Of an event's id. */
export function takenByOther(): Problem {
  const errors = [{ path: 'id', message: 'is taken by an event with other content' }];
  return new Problem(409, `The id is taken by an event with other content. ${howCompared}`, { errors });
}

export function notFound(what: string): Problem {
  return new Problem(404, `There is no such ${what}.`);
}

/** The same whatever is wrong: who may not call learns nothing. */
export function unauthorized(): Problem {
  return new Problem(401, 'Send the API key as Authorization: Bearer <key>.', { headers: { 'www-authenticate': 'Bearer' } });
}

export function invalid(errors: FieldError[]): Problem {
  const [first] = errors;
  return new Problem(
    422,
    first ? `${first.path === '' ? 'The body' : first.path} ${first.message}`.slice(0, 500) : 'The request is not valid.',
    { errors },
  );
}

/** Every error as a Problem; what is not known here is a bare 500 with the error as its cause. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isStoreAway(error)) {
    const detail = 'The store is away, so this is not confirmed: repeat it with the same id or Idempotency-Key.';
    return new Problem(503, detail, { headers: { 'retry-after': '1' }, cause: error });
  }
  if (error instanceof MakerRevoked) return unauthorized();
  if (error instanceof TooManyEndpoints) return new Problem(409, limitDetail(error.limit));
  if (error instanceof TooManyWaiting) {
    const whose = error.scope === 'all' ? 'events' : 'events of this tenant';
    const detail = `Too many ${whose} wait to be handed over. Nothing of this request is stored: repeat it after Retry-After.`;
    return new Problem(429, detail, { headers: { 'retry-after': String(error.retryAfterSeconds) } });
  }
  return (
    fromExpress(error) ??
    new Problem(500, 'This is a fault of ours; the log has it under the x-request-id of this answer.', { cause: error })
  );
}

function limitDetail({ of, most }: EndpointLimit): string {
  if (of === 'tenant')
    return `The tenant has all the endpoints that it may have: its maxEndpoints is ${most}. Delete one, or have an administrator raise it.`;
  return `By a portal link a tenant may have ${most} endpoints at one host, and it has as many there. Use one of them, or ask whoever gave you the link.`;
}

const details: Record<number, string> = {
  400: 'The request could not be read.',
  413: 'The body is larger than this route takes.',
  415: 'Bodies must not be encoded: send no Content-Encoding.',
};

/** Express and its body reader throw errors with a status below 500 when the caller is to blame. */
function fromExpress(error: unknown): Problem | null {
  const status = (error as { status?: unknown } | null)?.status;
  if (typeof status !== 'number' || status < 400 || status > 499) return null;
  return new Problem(status, details[status] ?? 'The request was refused.', { cause: error });
}
