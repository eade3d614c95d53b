// Sends answers: headers, bodies, problem documents.
import type { ErrorRequestHandler, Response } from 'express';
import type { Logger } from '#runtime/logger';
import { pathOf } from './observe-requests.ts';
import { type Problem, problemText, toProblem } from './problem.ts';
import type { Answer } from './route.ts';
import { sendStream } from './send-stream.ts';

/**
 * A request whose If-None-Match equals the etag among the `headers` gets a 304. Not one that equals the etag of settings: what
 * else a resource shows changes without it.
 */
export function send(response: Response, { status, text, stream, cut, type = 'application/json', headers, etag }: Answer): void {
  for (const name in headers) response.setHeader(name, headers[name] ?? '');
  if (etag !== undefined) response.setHeader('etag', etag);
  if (stream) return void sendStream(response, status, type, stream, cut);
  if (headers?.etag !== undefined && response.req.headers['if-none-match'] === headers.etag) return void response.writeHead(304).end();
  if (text === null) {
    response.writeHead(status).end();
    return;
  }
  const bytes = Buffer.from(text);
  response.writeHead(status, { 'content-type': type, 'content-length': bytes.length }).end(bytes);
}

/** A store that is away fails each request at the same place, so these have no stack. */
function toLog(problem: Problem): unknown {
  const { status, cause, message } = problem;
  if (status !== 503) return cause ?? problem;
  return { message: cause instanceof Error ? cause.message : message, code: (cause as { code?: unknown } | undefined)?.code };
}

/** The last handler of an app: logs errors of 500 and more, and answers with a problem document. */
export function answerErrors(log: Logger): ErrorRequestHandler {
  // Express recognizes an error handler by its four parameters
  return (error, request, response, _next) => {
    const problem = toProblem(error);
    if (problem.status >= 500) {
      const { method } = request;
      const path = pathOf(request.originalUrl);
      log.error({ err: toLog(problem), method, path, status: problem.status, requestId: response.getHeader('x-request-id') }, 'api.failed');
    }
    if (response.headersSent) return void response.destroy();
    send(response, { status: problem.status, text: problemText(problem), type: 'application/problem+json', headers: problem.headers });
  };
}
