// Reads a JSON body strictly: its type, its UTF-8, its syntax, no key said twice.
import express, { type RequestHandler } from 'express';
import { isDeeperThan, memberFaults, memberTexts } from '#domain/json-slices';
import { type FieldError, invalid, Problem } from './problem.ts';

export const defaultBodyLimit = 64 * 1024;

// Common readers of JSON stop between 500 and 1,000 levels, and some fall over there: what we accept, a receiver can read.
const mostLevels = 500;
// Theirs, byte for byte, and looked at by the routes that take them.
const passedOn = ['data', 'events'];

const utf8Charset = /^charset\s*=\s*"?utf-?8"?$/i;
// A byte order mark is left out, as RFC 8259 allows.
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Puts the body's bytes on the request, whatever they are; too many are a 413, an encoding a 415. */
export function rawBody(limit: number): RequestHandler {
  return express.raw({ type: () => true, limit, inflate: false });
}

/** Refuses a body of another type before a byte of it is read. */
export const requireJson: RequestHandler = (request, _response, next) => {
  const { 'content-type': type, 'content-length': length, 'transfer-encoding': chunked } = request.headers;
  const hasBody = chunked !== undefined || (length !== undefined && length !== '0');
  if (hasBody && !isJson(type)) throw new Problem(415, 'The body must be application/json, in UTF-8.');
  next();
};

/** In parts, and not by one expression: with its many optional blanks that took a second for a header of 16 KiB. */
function isJson(type = ''): boolean {
  if (type === 'application/json') return true;
  const [name = '', charset = '', ...others] = type.split(';').map((part) => part.trim());
  return name.toLowerCase() === 'application/json' && (charset === '' || utf8Charset.test(charset)) && others.every((part) => part === '');
}

export interface JsonBody {
  value: unknown;
  /** The texts of the members of the object that it is. */
  members: Map<string, string>;
}

/** Undefined: there is no body. */
export function parseBody(bytes: unknown): JsonBody | undefined {
  if (!Buffer.isBuffer(bytes) || bytes.length === 0) return undefined;
  const text = decode(bytes);
  if (isDeeperThan(mostLevels, text)) throw invalid([{ path: '', message: `must not nest deeper than ${mostLevels} levels` }]);
  const value = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid([{ path: '', message: 'must be a JSON object' }]);
  const { members, repeated } = memberTexts(text);
  refuseRepeated(repeated, '');
  refuse(memberFaults(members, passedOn));
  return { value, members };
}

/** `before`: the path of the object that says a key twice, with its dot. */
export function refuseRepeated(repeated: string[], before: string): void {
  refuse(repeated.map((key) => ({ path: `${before}${key}`, message: 'is said twice' })));
}

function refuse(faults: FieldError[]): void {
  if (faults.length > 0) throw invalid(faults.slice(0, 100).map(({ path, message }) => ({ path: path.slice(0, 200), message })));
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
