// Endpoints for `posthorn listen`: their requests go to a command that holds a connection, not to an address.
import { z } from 'zod';
import { text } from '../text.ts';

/** No address can have this name (RFC 6761), so nothing is ever sent to it. */
export const listenHost = 'listen.posthorn.invalid';

/** `name`: which of the endpoints of a tenant; a command finds its own again by it. */
export function listenUrl(name: string): string {
  return `https://${listenHost}/${name}`;
}

export function isListenUrl(url: string): boolean {
  return url.startsWith(`https://${listenHost}/`);
}

const headerText = z.string().max(16_384);
const headerPairs = z.array(z.tuple([headerText, headerText]));

/** A request that is passed on, as the endpoint's receiver would get it. */
const listenedRequest = z.object({
  id: z.string().describe('id of the request, for its answer'),
  headers: headerPairs.describe('headers in their order, without those of the connection'),
  body: z.base64().describe('the body, in base64'),
  timeoutMs: z.int().describe('the answer must come within so many milliseconds'),
});
export type ListenedRequest = z.infer<typeof listenedRequest>;

export const mostAnswerBytes = 64 * 1024;
const visibleText = z
  .string()
  .max(255)
  .regex(/^[\x21-\x7e]+$/, 'must be visible ASCII without spaces');

export const listenAnswer = z
  .strictObject({
    target: visibleText.describe('host and port that the request was sent to, for the message of the attempt'),
    status: z.int().min(200).max(599).optional().describe('HTTP status of the answer; absent: there was none'),
    headers: headerPairs.max(200).optional(),
    body: z
      .base64()
      .max(Math.ceil(mostAnswerBytes / 3) * 4)
      .optional()
      .describe('start of the body, at most 64 KiB, in base64'),
    bodyTruncated: z.boolean().optional(),
    totalMs: z.number().min(0).max(600_000).describe('how long the receiver took, in milliseconds'),
    error: z
      .strictObject({ code: z.string().regex(/^[A-Z0-9_]{1,60}$/, 'must be an error code such as ECONNREFUSED'), message: text(300) })
      .optional()
      .describe('why there was no answer'),
  })
  .refine(({ status, error }) => (status === undefined) !== (error === undefined), {
    path: ['status'],
    error: 'give either status or error',
  });
export type ListenAnswer = z.infer<typeof listenAnswer>;
