// Reads a JSON body strictly: its type, its UTF-8, its syntax, no key said twice.
import express, { type RequestHandler } from 'express';
import { memberTexts } from '../domain/json-slices.ts';
import { invalid, Problem } from './problem.ts';

export const defaultBodyLimit = 64 * 1024;

const jsonType = /^\s*application\/json\s*(;\s*charset\s*=\s*"?utf-?8"?\s*)?;?\s*$/i;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Puts the body's bytes on the request, whatever they are; too many are a 413, an encoding a 415. */
export function rawBody(limit: number): RequestHandler {
  return express.raw({ type: () => true, limit, inflate: false });
}

/** Refuses a body of another type before a byte of it is read. */
export const requireJson: RequestHandler = (request, _response, next) => {
  const { 'content-type': type, 'content-length': length, 'transfer-encoding': chunked } = request.headers;
  const hasBody = chunked !== undefined || (length !== undefined && length !== '0');
  if (hasBody && !jsonType.test(type ?? '')) throw new Problem(415, 'The body must be application/json, in UTF-8.');
  next();
};

export interface JsonBody {
  value: unknown;
  /** The texts of the members of the object that it is. */
  members: Map<string, string>;
}

/** Undefined: there is no body. */
export function parseBody(bytes: unknown): JsonBody | undefined {
  if (!Buffer.isBuffer(bytes) || bytes.length === 0) return undefined;
  const text = decode(bytes);
  const value = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid([{ path: '', message: 'must be a JSON object' }]);
  const { members, repeated } = memberTexts(text);
  refuseRepeated(repeated, '');
  return { value, members };
}

/** `before`: the path of the object that says a key twice, with its dot. */
export function refuseRepeated(repeated: string[], before: string): void {
  if (repeated.length > 0)
    throw invalid(repeated.slice(0, 100).map((key) => ({ path: `${before}${key}`.slice(0, 200), message: 'is said twice' })));
}

function decode(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw new Problem(400, 'The body is not well-formed UTF-8.', { cause: error });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Problem(400, 'The body is not well-formed JSON.', { cause: error });
  }
}
