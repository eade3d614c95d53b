// Who may: the bearer key, compared in constant time.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler, Response } from 'express';
import { bootstrapCaller, type Caller } from '../domain/access.ts';
import { Problem } from './problem.ts';

export function requireKey(apiKey: string): RequestHandler {
  const expected = digest(apiKey);
  return (request, response, next) => {
    const [, given] = /^bearer +(\S+) *$/i.exec(request.headers.authorization ?? '') ?? [];
    // digests, because timingSafeEqual wants equal lengths and a length tells something
    if (given === undefined || !timingSafeEqual(digest(given), expected)) {
      throw new Problem(401, 'Send the API key as Authorization: Bearer <key>.', { headers: { 'www-authenticate': 'Bearer' } });
    }
    response.locals.caller = { ...bootstrapCaller, address: request.ip ?? null };
    next();
  };
}

/** Of an open route: nobody, who may nothing. */
export function callerOf({ locals }: Response): Caller {
  return locals.caller ?? { ...bootstrapCaller, scopes: [] };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
