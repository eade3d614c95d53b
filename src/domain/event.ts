// An event: what a producer posts, and the bytes that endpoints will get.
import { z } from 'zod';
import { channel, eventTypeName } from './event-type.ts';
import { inPath, text } from './text.ts';

export const maxEventBytes = 256 * 1024;
export const maxBatchBytes = 10 * 1024 * 1024;
export const maxBatchEvents = 1_000;
const longestDelayMs = 30 * 86_400_000;

export const eventKey = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,128}$/, '1 to 128 of A-Z a-z 0-9 _ -')
  .describe('your id of the event, unique per tenant, or one made by Posthorn');

const testPrefix = 'test_';

/** The id of a test event; no event of a producer has such an id. It is inside of what is signed. */
export function testId(uuid: string): string {
  return testPrefix + uuid;
}

export function isTestId(id: string): boolean {
  return id.startsWith(testPrefix);
}

/** docs/decisions/0020 */
export const howCompared =
  '`data` is compared byte for byte, the other fields by their values: to repeat an event, send the same bytes of `data`; for another event, use another id.';

const firstInstantMs = 0;
const lastInstantMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

export const instant = z.iso.datetime({ offset: true }).refine((text) => {
  const ms = Date.parse(text);
  return ms >= firstInstantMs && ms <= lastInstantMs;
}, 'must lie between the years 1970 and 9999');

export const orderingKey = z.string().regex(/^[\x21-\x7e]{1,128}$/, '1 to 128 visible ASCII characters');

const coalesceKey = orderingKey;

export const subject = inPath(text(256).min(1));

export const newEvent = z.strictObject({
  type: eventTypeName,
  // not z.json(): walking it would recurse as deep as the producer likes
  data: z.unknown().describe('any JSON, nested 500 levels at most with what is around it; passed on byte for byte'),
  id: eventKey
    .refine((id) => !isTestId(id), `must not begin with ${testPrefix}, which is reserved for test events`)
    .optional()
    .describe(
      `your id of the event, unique per tenant, not beginning with ${testPrefix}; or one made by Posthorn. The same event again is no second one: ${howCompared}`,
    ),
  channels: z.array(channel).max(20).optional(),
  orderingKey: orderingKey
    .optional()
    .describe('what an endpoint with ordering key keeps in order; it sends events without one as soon as possible, without a number'),
  coalesceKey: coalesceKey.optional().describe("within an endpoint's coalescing window only the latest event of a key is sent"),
  version: z.int().min(1).max(1_000_000).optional().describe('version of the event type, kept with the event'),
  subject: subject.optional().describe('whom it is about: what is posted with one can be erased by it; kept as a keyed hash only'),
  occurredAt: instant.optional().describe('when it happened; else the time of acceptance'),
  deliverAt: instant.optional().describe('not before; at most 30 days ahead'),
  expiresAt: instant.optional().describe('never sent at or after'),
});
export type NewEvent = z.infer<typeof newEvent>;

/** What no field says alone: problems of an event's times, seen at `nowMs`. */
export function timeProblems(event: NewEvent, nowMs: number): { path: string; message: string }[] {
  const problems = [];
  const { deliverAt, expiresAt } = event;
  if (deliverAt && Date.parse(deliverAt) > nowMs + longestDelayMs)
    problems.push({ path: 'deliverAt', message: 'is more than 30 days ahead' });
  if (expiresAt && Date.parse(expiresAt) <= Math.max(nowMs, deliverAt ? Date.parse(deliverAt) : 0)) {
    problems.push({ path: 'expiresAt', message: deliverAt ? 'is not after deliverAt and now' : 'has passed' });
  }
  return problems;
}

/** The standard body, around the producer's `data` as its very own text. */
export function standardBody(type: string, timestamp: string, data: string): string {
  return `${bodyStart(type, timestamp)}${data}}`;
}

/** The producer's `data`, cut out of a standard body again. */
export function dataOf(body: string, type: string, timestamp: string): string {
  return body.slice(bodyStart(type, timestamp).length, -1);
}

function bodyStart(type: string, timestamp: string): string {
  return `{"type":${JSON.stringify(type)},"timestamp":${JSON.stringify(timestamp)},"data":`;
}

export const newBatch = z.strictObject({
  // counted before it is looked at: a list far too long would become a list of as many problems
  events: z.array(z.unknown()).max(maxBatchEvents).pipe(z.array(newEvent).min(1).max(maxBatchEvents)),
});

/** The producer's own text of an instant, as UTC with milliseconds. */
export function normalInstant(text: string): string {
  return new Date(text).toISOString();
}

/** The same moment in UTC: PostgreSQL knows no offset of 16 hours and more. */
export function inUtc(text: string): string {
  return text.endsWith('Z') ? text : normalInstant(text);
}

export const acceptedEvent = z.object({
  id: eventKey,
  duplicate: z
    .boolean()
    .describe('true: this id was here before, with the same content: `data` byte for byte, the other fields by their values'),
});

export const acceptedBatch = z.object({
  results: z.array(
    acceptedEvent.extend({
      conflict: z
        .literal(true)
        .optional()
        .describe('this id was here before, with other content, and nothing is stored; also where `data` is the same value in other bytes'),
    }),
  ),
});

export const eventSummary = z.object({
  id: eventKey,
  tenant: z.string(),
  type: z.string(),
  channels: z.array(z.string()),
  orderingKey: z.string().nullable(),
  coalesceKey: z.string().nullable(),
  version: z.int().nullable(),
  timestamp: z.string().describe('when it happened, as endpoints are told'),
  deliverAt: z.iso.datetime().nullable(),
  expiresAt: z.iso.datetime().nullable(),
  onlyEndpoint: z.string().nullable().describe('made to test this endpoint alone'),
  acceptedAt: z.iso.datetime(),
  erasedAt: z.iso.datetime().nullable().describe('when its content was erased'),
});
export type EventSummary = z.infer<typeof eventSummary>;
