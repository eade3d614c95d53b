// Sends answers: request id, headers, problem documents, and one debug log line per request.
import { randomUUID } from 'node:crypto';
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import type { Logger } from '#runtime/logger';
import { problemText, toProblem } from './problem.ts';
import type { Answer } from './route.ts';
import { sendStream } from './send-stream.ts';

/** Sets `x-request-id` on every answer: the caller's if it is 1 to 128 visible ASCII characters, else a random one. */
export function nameRequests(log: Logger): RequestHandler {
  const logsRequests = log.isLevelEnabled('debug');
  return (request, response, next) => {
    const given = request.headers['x-request-id'];
    response.setHeader('x-request-id', typeof given === 'string' && /^[\x21-\x7e]{1,128}$/.test(given) ? given : randomUUID());
    if (logsRequests) logWhenDone(log, request, response);
    next();
  };
}

function logWhenDone(log: Logger, request: Request, response: Response): void {
  const start = performance.now();
  const { method } = request;
  const path = pathOf(request);
  response.once('close', () => {
    const ms = Math.round(performance.now() - start);
    log.debug({ method, path, status: response.statusCode, ms, requestId: response.getHeader('x-request-id') }, 'api.request');
  });
}

/** The path for the log, without the subject of an erasure, which names a person. */
function pathOf({ path }: Request): string {
  return path.replace(/(\/subjects\/)[^/]+/i, '$1…');
}

/** A request whose If-None-Match equals the answer's etag gets a 304. */
export function send(response: Response, { status, text, stream, cut, type = 'application/json', headers }: Answer): void {
  for (const name in headers) response.setHeader(name, headers[name] ?? '');
  if (stream) return void sendStream(response, status, type, stream, cut);
  if (headers?.etag !== undefined && response.req.headers['if-none-match'] === headers.etag) return void response.writeHead(304).end();
  if (text === null) {
    response.writeHead(status).end();
    return;
  }
  const bytes = Buffer.from(text);
  response.writeHead(status, { 'content-type': type, 'content-length': bytes.length }).end(bytes);
}

/** The last handler of an app: logs errors of 500 and more, and answers with a problem document. */
export function answerErrors(log: Logger): ErrorRequestHandler {
  // Express recognizes an error handler by its four parameters
  return (error, request, response, _next) => {
    const problem = toProblem(error);
    if (problem.status >= 500) {
      const { method } = request;
      const path = pathOf(request);
      log.error(
        { err: problem.cause ?? problem, method, path, status: problem.status, requestId: response.getHeader('x-request-id') },
        'api.failed',
      );
    }
    if (response.headersSent) return void response.destroy();
    send(response, { status: problem.status, text: problemText(problem), type: 'application/problem+json', headers: problem.headers });
  };
}
