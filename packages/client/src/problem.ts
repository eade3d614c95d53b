// The errors of the client: a problem document of Posthorn, and an answer that never came.

/** An invalid field of the request. `path` is such as `events[7].type`; empty: the whole body. */
export interface FieldError {
  path: string;
  message: string;
  /** What is wrong, for programs, such as `too_long`. Absent: the message says it alone. */
  code?: string;
  /** With a code: what the message says beside it, such as `most` of `too_long`. */
  facts?: Record<string, string>;
}

/** What a request was repeated with, and can be repeated with by you. */
export interface Attempted {
  method: string;
  path: string;
  /** How many times the request was sent. */
  tries: number;
  /** The Idempotency-Key of all tries. Send it again (`idempotencyKey`) to repeat the request safely. */
  idempotencyKey?: string;
  /** Of `events.send` and `events.sendBatch`: the ids of the events. The same event with the same id is stored once. */
  eventIds?: string[];
}

interface ProblemFacts {
  title: string;
  code: string | null;
  detail: string;
  errors: FieldError[];
  requestId: string | null;
  retryAfterMs: number | null;
}

/** Posthorn answered with a status of 400 or more (RFC 9457), or a proxy redirected the request. The message is the `detail`. */
export class PosthornProblem extends Error {
  override name = 'PosthornProblem';
  readonly status: number;
  readonly title: string;
  /** What is wrong, for programs, such as `not_found`; null: a proxy answered, or an older Posthorn. */
  readonly code: string | null;
  readonly detail: string;
  readonly errors: FieldError[];
  /** The header `x-request-id`. Quote it when you report a problem. */
  readonly requestId: string | null;
  /** From the header `Retry-After`; null: there is none. */
  readonly retryAfterMs: number | null;
  readonly attempted: Attempted;

  constructor(status: number, facts: ProblemFacts, attempted: Attempted) {
    super(facts.detail);
    this.status = status;
    this.title = facts.title;
    this.code = facts.code;
    this.detail = facts.detail;
    this.errors = facts.errors;
    this.requestId = facts.requestId;
    this.retryAfterMs = facts.retryAfterMs;
    this.attempted = attempted;
  }

  /** Whether the request may or may not have had its effect. Repeat it with the same `idempotencyKey` or event ids. */
  get isUnconfirmed(): boolean {
    return this.status >= 500 && this.attempted.method !== 'GET';
  }
}

/** No answer came: Posthorn cannot be reached, the connection broke, or the time was up. `cause` is the reason. */
export class PosthornConnectionError extends Error {
  override name = 'PosthornConnectionError';
  readonly attempted: Attempted;

  constructor(message: string, attempted: Attempted, cause: unknown) {
    super(message, { cause });
    this.attempted = attempted;
  }

  /** Whether the request may have had its effect. Repeat it with the same `idempotencyKey` or event ids. */
  get isUnconfirmed(): boolean {
    return this.attempted.method !== 'GET';
  }
}

const mostOfText = 300;

/** The problem of an answer; `text`: its body, which a proxy may have written. */
export function problemOf(response: Response, text: string, attempted: Attempted): PosthornProblem {
  const document = documentOf(text);
  const redirect = redirectOf(response);
  const given = (name: string, otherwise: string) => (typeof document[name] === 'string' ? document[name] : otherwise);
  const title = given('title', response.statusText || `HTTP ${response.status}`);
  const start = text.replace(/\s+/g, ' ').trim().slice(0, mostOfText);
  return new PosthornProblem(
    response.status,
    {
      title,
      code: typeof document.code === 'string' ? document.code : null,
      detail: redirect ?? given('detail', start === '' ? title : `${title}: ${start}`),
      errors: Array.isArray(document.errors) ? document.errors.filter(isFieldError) : [],
      requestId: response.headers.get('x-request-id'),
      retryAfterMs: retryAfterMsOf(response.headers.get('retry-after'), Date.now()),
    },
    attempted,
  );
}

/** Not followed: the key would go to where it leads. A browser does not say where. */
function redirectOf({ status, type, headers }: Response): string | null {
  if (type !== 'opaqueredirect' && (status < 300 || status > 399)) return null;
  return `The server redirects to ${headers.get('location') ?? 'another address'}, which is not followed. Set url to where Posthorn answers itself.`;
}

function isFieldError(one: unknown): one is FieldError {
  const { path, message } = (one ?? {}) as Partial<FieldError>;
  return typeof path === 'string' && typeof message === 'string';
}

function documentOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** Seconds, or a date. Null: neither. */
function retryAfterMsOf(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1_000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}
