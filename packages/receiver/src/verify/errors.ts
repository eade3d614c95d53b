// The errors of a verification: one for requests that do not verify, one for programs that give no raw body.

export type VerificationFailure =
  | 'missing_header'
  | 'malformed_header'
  | 'timestamp_too_old'
  | 'timestamp_too_new'
  | 'no_match'
  /** No secret or public key was given, or an invalid one: an error in the receiver's own configuration. */
  | 'bad_secret';

/** The request does not verify: answer 401 and do nothing. */
export class WebhookVerificationError extends Error {
  override name = 'WebhookVerificationError';
  readonly reason: VerificationFailure;

  constructor(reason: VerificationFailure, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** The body was parsed before it was verified: an error in the receiver's program, whose message says what to change. */
export class ParsedBodyError extends TypeError {
  override name = 'ParsedBodyError';

  constructor(what: string, change: string) {
    super(`${what}. A signature covers the bytes as they were received. ${change}`);
  }
}

/** Returns the bytes of a raw body. Throws ParsedBodyError. */
export function rawBytes(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  if (typeof body === 'string') return new TextEncoder().encode(body);
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  throw new ParsedBodyError(
    `rawBody is ${Array.isArray(body) ? 'an array' : body ? `of the type ${typeof body}` : body}: something has parsed the body before, or nothing has read it`,
    'Express: express.raw({ type: "*/*" }) on this route, before app.use(express.json()). Fastify: a content type parser with parseAs: "buffer". Fetch, Hono, Next.js: await request.arrayBuffer(), not json(); in pages, config.api.bodyParser = false.',
  );
}
