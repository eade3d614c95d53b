// Whose fault a failed exchange is: the code of its error as the table of `domain/outcome` knows it, read from whatever was thrown.
import type { Socket } from 'node:net';
import { errors } from 'undici';
import { type Refusal, refusalOfErrorCode } from '../domain/outcome.ts';

interface Failure {
  refusal: Refusal;
  code: string;
}

/** The endpoint's refusal that an error stands for; null: the fault is our own. */
export function failureOf(error: Error, socket: Socket | null): Failure | null {
  for (const code of codesOf(error, socket)) {
    const refusal = refusalOfErrorCode(code);
    if (refusal) return { refusal, code };
  }
  return null;
}

/** Several addresses tried in vain fail together: any of them may say that it was the endpoint. */
function codesOf(error: Error, socket: Socket | null): string[] {
  const parts = error instanceof AggregateError ? [error, ...error.errors] : [error];
  return parts.map((part) => codeOf(part, socket)).filter((code) => code !== '');
}

function codeOf(error: unknown, socket: Socket | null): string {
  // undici gives its parser's errors no code, and one code both to a connection that was closed and to a response that cannot be.
  const closed = socket === null || socket.readableEnded;
  if (error instanceof errors.HTTPParserError) return closed ? 'HPE_INVALID_EOF_STATE' : 'HPE_INVALID';
  if (error instanceof errors.ResponseContentLengthMismatchError && !closed) return 'HPE_UNEXPECTED_CONTENT_LENGTH';
  if (error instanceof errors.SocketError) return closed || socket.errored === null ? 'UND_ERR_SOCKET' : 'HPE_UNEXPECTED';
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
