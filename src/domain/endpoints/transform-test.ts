// The request that tries a transform on an event, and its answer.
import { z } from 'zod';
import { eventKey, instant } from '../events/event.ts';
import { eventTypeName } from '../events/event-type.ts';
import { endpointId } from './endpoint-id.ts';
import { transform } from './endpoint-transform.ts';

export const eventToTry = z.strictObject({
  type: eventTypeName,
  data: z.unknown().describe('any JSON value'),
  id: eventKey.optional().describe('`event-1` by default'),
  version: z.int().min(1).max(1_000_000).optional().describe('version of the event type'),
  occurredAt: instant.optional().describe('the time of this request by default'),
});

export const transformTest = z
  .strictObject({
    transform: transform.optional(),
    endpoint: endpointId.optional().describe('in place of `transform`: that of this endpoint, as deliveries are planned now'),
    event: eventToTry,
  })
  .refine((given) => (given.transform === undefined) !== (given.endpoint === undefined), {
    path: ['transform'],
    message: 'send either transform or endpoint',
  });

export const shapedBody = z.object({
  contentType: z.string().describe('media type of the request'),
  bytes: z.int().describe('size of the body'),
  body: z.unknown().describe('the body; secrets in it are masked as ***'),
});
