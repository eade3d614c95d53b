// Decompresses the body of a response, for endpoints that compress despite `accept-encoding:
// identity`.
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';

const decoders = new Map([
  ['gzip', gunzipSync],
  ['x-gzip', gunzipSync],
  ['deflate', inflateSync],
  ['br', brotliDecompressSync],
]);

/** Returns the body unchanged if it is not compressed, cannot be decompressed, or would exceed `maxBytes`. */
export function decoded(body: Buffer, headers: [string, string][], maxBytes: number): Buffer {
  const encoding = headers.find(([name]) => name.toLowerCase() === 'content-encoding')?.[1];
  const decode = encoding === undefined ? undefined : decoders.get(encoding.trim().toLowerCase());
  if (!decode || body.length === 0) return body;
  try {
    return decode(body, { maxOutputLength: maxBytes });
  } catch {
    return body;
  }
}
