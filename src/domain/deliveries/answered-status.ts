// The HTTP status inside the message of an attempt. A delivery keeps the message of its last attempt, and no status beside it.

/** How the message of an attempt begins that got an answer. */
export const answeredWith = (status: number, host: string) => `HTTP ${status} from ${host}`;

const pattern = /^HTTP (\d{3}) from /;

/** Null: there was no answer, or the message is not one of an attempt. */
export function answeredStatus(message: string | null): number | null {
  const status = pattern.exec(message ?? '')?.[1];
  return status === undefined ? null : Number(status);
}
