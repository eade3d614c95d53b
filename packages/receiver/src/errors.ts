// The errors of a receiver, besides those of a verification.

/** Thrown by a handler: trying again is of no use. The event becomes a dead letter at once. */
export class Unrecoverable extends Error {
  override name = 'Unrecoverable';
}

/** The lease was lost, for example because this process was frozen: another worker has the event. */
export class LeaseLost extends Error {
  override name = 'LeaseLost';
}

/** The request is refused with a status that makes Posthorn do the right thing: it repeats soon after 429 and 503. */
export class Rejection extends Error {
  readonly status: number;
  readonly reason: string;
  /** Seconds. */
  readonly retryAfter: number | undefined;

  constructor(status: number, reason: string, message: string, retryAfter?: number) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.retryAfter = retryAfter;
  }
}

export const malformed = (message: string): Rejection => new Rejection(400, 'malformed_body', message);

export const tooLarge = (mostBytes: number): Rejection =>
  new Rejection(413, 'body_too_large', `the body has more than ${mostBytes} bytes (maxBodyBytes)`);
