// Requests, answers, and what becomes of an error.
import { Rejection } from './errors.ts';
import { messageOf } from './log.ts';
import { ParsedBodyError, WebhookVerificationError } from './verify/errors.ts';
import type { HeadersLike } from './verify/headers.ts';

/** A request, from whatever framework. */
export interface ReceivedRequest {
  method: string;
  headers: HeadersLike;
  /** The address of the connection. Undefined: the platform does not say. */
  address: string | undefined;
  /** Reads the raw body, at most so many bytes. Throws Rejection and ParsedBodyError. */
  body(mostBytes: number): Promise<Uint8Array>;
}

export interface ReceiverAnswer {
  status: number;
  headers: Record<string, string>;
  /** JSON. */
  body: string;
}

export function rejectionOf(error: unknown): Rejection {
  if (error instanceof Rejection) return error;
  const message = messageOf(error);
  if (error instanceof ParsedBodyError) return new Rejection(500, 'parsed_body', message);
  if (!(error instanceof WebhookVerificationError)) return new Rejection(500, 'internal_error', message);
  const { reason } = error;
  // a secret of the receiver that is none is its own fault
  return new Rejection(reason === 'bad_secret' ? 500 : reason.endsWith('header') ? 400 : 401, reason, message);
}

export const answer = (status: number, body: object, headers: Record<string, string> = {}): ReceiverAnswer => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

/** Waits for what may be away: then Posthorn tries again soon. */
export async function available<T>(reason: string, promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    throw error instanceof Rejection ? error : new Rejection(503, reason, messageOf(error), 5);
  }
}
