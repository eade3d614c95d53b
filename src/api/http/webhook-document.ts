// The `webhooks` part of the OpenAPI document: the requests that an endpoint receives (Standard
// Webhooks).
import { eventId } from '../examples/ids.ts';
import { webhookTag } from './tags.ts';

const text = (description: string) => ({ type: 'string', description });
const header = (name: string, description: string, required = true) => ({ name, in: 'header', required, schema: text(description) });
const id = { ...text('The id of the event.'), maxLength: 128 };

const members = {
  type: text('The type of the event.'),
  timestamp: text('When the event happened, in UTC.'),
  data: { description: 'The data of the event, byte for byte as the producer posted it.' },
};
const sequence = {
  type: 'integer',
  minimum: 1,
  description: 'Only with ordering `endpoint`: the sequence number of the delivery, from 1.',
};
const element = { type: 'object', properties: { id, sequence, ...members }, required: ['id', 'type', 'timestamp', 'data'] };

const signed = [
  header('webhook-timestamp', 'The time of this attempt, in seconds since 1970.'),
  header(
    'webhook-signature',
    '`v1,…` for each live secret and `v1a,…` for each key pair, separated by spaces. Absent if the endpoint uses only another signature scheme.',
    false,
  ),
  header('posthorn-attempt', 'The number of the attempt, from 1.'),
  header('posthorn-replay', 'Only if the delivery was replayed: its round, from 2. Of a batch the highest round.', false),
  header(
    'posthorn-test',
    '`true` marks a test event. Its type and data were chosen by the caller of the test, and its id begins with `test_`.',
    false,
  ),
];

const responses = {
  '2XX': { description: 'The endpoint accepts the delivery.' },
  '410': { description: 'The endpoint is gone. Posthorn disables it and sends nothing more until it is resumed.' },
  '429': { description: 'refused; Retry-After is obeyed for the whole endpoint' },
  '503': { description: 'refused; Retry-After is obeyed for the whole endpoint' },
  default: { description: 'The attempt failed. Posthorn retries it on schedule. Redirects are not followed.' },
};

const bodyOf = (schema: object, value: unknown) => ({
  required: true,
  content: { 'application/json': { schema, examples: { example: { value } } } },
});
const bodyExample = {
  type: 'order.created',
  timestamp: '2026-03-02T09:15:00.000Z',
  data: { orderId: '1001', total: 99.9, currency: 'EUR' },
};

export const webhooks = {
  event: {
    post: {
      operationId: 'receiveEvent',
      tags: [webhookTag.name],
      summary: 'Receive an event',
      description:
        'One attempt of one delivery. Verify the signature over the raw body, answer 200 to 299 within the timeout, and ignore an event whose `webhook-id` you have already processed.',
      security: [],
      parameters: [
        header('webhook-id', 'The id of the event. It is the same on every retry and replay. Test events have `test_…`.'),
        ...signed,
        header('posthorn-delivery', 'The id of the delivery.'),
        header(
          'posthorn-sequence',
          'Only for ordered endpoints: the sequence number of the delivery, from 1, counted for the endpoint or for the ordering key. A retry keeps its number. With ordering `key`, an event without `orderingKey` has no number.',
          false,
        ),
      ],
      requestBody: bodyOf({ type: 'object', properties: members, required: ['type', 'timestamp', 'data'] }, bodyExample),
      responses,
    },
  },
  batch: {
    post: {
      operationId: 'receiveBatch',
      tags: [webhookTag.name],
      summary: 'Receive a batch of events',
      description:
        'One attempt of several deliveries, for an endpoint with the `batch` setting. Verify the signature over the raw body. An answer of 200 to 299 accepts all events, any other answer refuses all of them. Ignore single events that you have already processed, not whole batches: a replayed event comes in another batch. A batch has at most about 2 MiB; a larger event is sent in a batch of its own.',
      security: [],
      parameters: [
        header(
          'webhook-id',
          'The id of the batch, `bat_…`. It is the same on every retry. A retry has fewer events if one was cancelled or expired in between.',
        ),
        ...signed,
        header(
          'posthorn-batch',
          'The number of events in the batch. Batches have `posthorn-endpoint` instead of `posthorn-delivery`, and the sequence number is in each event.',
        ),
      ],
      requestBody: bodyOf({ type: 'array', minItems: 1, maxItems: 1_000, items: element }, [{ id: eventId, ...bodyExample }]),
      responses,
    },
  },
};
