// Who may: the bearer key, compared in constant time.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';
import { Problem } from './problem.ts';

export function requireKey(apiKey: string): RequestHandler {
  const expected = digest(apiKey);
  return (request, _response, next) => {
    const [, given] = /^bearer +(\S+) *$/i.exec(request.headers.authorization ?? '') ?? [];
    // digests, because timingSafeEqual wants equal lengths and a length tells something
    if (given === undefined || !timingSafeEqual(digest(given), expected)) {
      throw new Problem(401, 'Send the API key as Authorization: Bearer <key>.', { headers: { 'www-authenticate': 'Bearer' } });
    }
    next();
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
