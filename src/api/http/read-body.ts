// Reads a JSON body and refuses a wrong content type, bad UTF-8, bad JSON, deep nesting and
// duplicate keys.
import express, { type RequestHandler } from 'express';
import { isDeeperThan, memberFaults, memberTexts } from '#domain/events/json-slices';
import { faultText } from '#domain/faults/fault';
import { type FieldError, invalid, Problem } from './problem.ts';

export const defaultBodyLimit = 64 * 1024;

// Common JSON parsers fail between 500 and 1,000 levels. The limit keeps every accepted event readable for receivers.
const mostLevels = 500;
// Members that are passed on byte for byte. The routes that take them check them.
const passedOn = ['data', 'events'];

const utf8Charset = /^charset\s*=\s*"?utf-?8"?$/i;
// Drops a byte order mark, as RFC 8259 allows.
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Puts the bytes of the body on the request. A body over `limit` bytes is a 413, a Content-Encoding a 415. */
export function rawBody(limit: number): RequestHandler {
  return express.raw({ type: () => true, limit, inflate: false });
}

/** Refuses another content type (415) before the body is read. */
export const requireJson: RequestHandler = (request, _response, next) => {
  const { 'content-type': type, 'content-length': length, 'transfer-encoding': chunked } = request.headers;
  const hasBody = chunked !== undefined || (length !== undefined && length !== '0');
  if (hasBody && !isJson(type)) throw new Problem(415, 'The Content-Type must be application/json, in UTF-8.');
  next();
};

/** Splits the header instead of matching one regular expression: that took a second for a header of 16 KiB. */
function isJson(type = ''): boolean {
  if (type === 'application/json') return true;
  const [name = '', charset = '', ...others] = type.split(';').map((part) => part.trim());
  return name.toLowerCase() === 'application/json' && (charset === '' || utf8Charset.test(charset)) && others.every((part) => part === '');
}

export interface JsonBody {
  value: unknown;
  /** The JSON text of each member of the body's object. */
  members: Map<string, string>;
}

/** Throws a 400 or 422. Undefined: the request has no body. */
export function parseBody(bytes: unknown): JsonBody | undefined {
  if (!Buffer.isBuffer(bytes) || bytes.length === 0) return undefined;
  const text = decode(bytes);
  if (isDeeperThan(mostLevels, text)) throw invalid([{ path: '', message: faultText('too_deep', { most: mostLevels }) }]);
  const value = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid([{ path: '', message: 'must be a JSON object' }]);
  const { members, repeated } = memberTexts(text);
  refuseRepeated(repeated, '');
  refuse(memberFaults(members, passedOn));
  return { value, members };
}

/** Throws a 422 that names the duplicate keys. `prefix`: the path of their object, with its dot. */
export function refuseRepeated(repeated: string[], prefix: string): void {
  refuse(repeated.map((key) => ({ path: `${prefix}${key}`, message: faultText('duplicate_key') })));
}

function refuse(faults: FieldError[]): void {
  if (faults.length > 0) throw invalid(faults.slice(0, 100).map(({ path, message }) => ({ path: path.slice(0, 200), message })));
}

function decode(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw new Problem(400, 'The body is not valid UTF-8.', { cause: error });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Problem(400, `The body is not valid JSON: ${(error as Error).message}.`, { cause: error });
  }
}
