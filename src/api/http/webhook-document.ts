// The `webhooks` part of the OpenAPI document: what an endpoint gets (Standard Webhooks).

const text = (description: string) => ({ type: 'string', description });
const header = (name: string, description: string, required = true) => ({ name, in: 'header', required, schema: text(description) });
const id = { ...text('the id of the event'), maxLength: 128 };

const members = {
  type: text('the type of the event'),
  timestamp: text('when it happened, in UTC'),
  data: { description: "the producer's, byte for byte" },
};
const sequence = { type: 'integer', minimum: 1, description: 'of an endpoint with ordering endpoint: the number of the delivery, from 1' };
const element = { type: 'object', properties: { id, sequence, ...members }, required: ['id', 'type', 'timestamp', 'data'] };

const signed = [
  header('webhook-timestamp', 'when this attempt was made, in seconds since 1970'),
  header(
    'webhook-signature',
    'v1,… for each live secret and v1a,… for each key pair, separated by spaces; none where something else signs',
    false,
  ),
  header('posthorn-attempt', 'the number of the attempt, from 1'),
  header('posthorn-test', 'true: test events alone, of a type and with data that somebody chose. Their ids begin with test_', false),
];

const responses = {
  '2XX': { description: 'accepted' },
  '410': { description: 'the endpoint is gone: nothing more is sent to it until it is resumed' },
  '429': { description: 'refused; Retry-After is obeyed for the whole endpoint' },
  '503': { description: 'refused; Retry-After is obeyed for the whole endpoint' },
  default: { description: 'refused; tried again on schedule. Redirects are not followed' },
};

const bodyOf = (schema: object) => ({ required: true, content: { 'application/json': { schema } } });

export const webhooks = {
  event: {
    post: {
      operationId: 'receiveEvent',
      summary: 'One attempt of one delivery',
      description:
        'Verify the signature over the body as it came, answer 200 to 299 within the time limit, and drop a webhook-id that was here before.',
      security: [],
      parameters: [
        header('webhook-id', 'the id of the event: the same on every retry and replay; test_… of a test event'),
        ...signed,
        header('posthorn-delivery', 'the id of the delivery'),
        header(
          'posthorn-sequence',
          'of an ordered endpoint: the number of the delivery, of the endpoint or the ordering key, from 1; a retry keeps it. An event without orderingKey has none where the order is by key',
          false,
        ),
      ],
      requestBody: bodyOf({ type: 'object', properties: members, required: ['type', 'timestamp', 'data'] }),
      responses,
    },
  },
  batch: {
    post: {
      operationId: 'receiveBatch',
      summary: 'One attempt of several deliveries, for an endpoint with `batch`',
      description:
        'Verify the signature over the body as it came; an answer of 200 to 299 accepts all, any other refuses all. Drop elements whose id was here before, not whole batches: a replayed event comes in another batch. About 2 MiB at most; a larger event is sent all the same, alone.',
      security: [],
      parameters: [
        header('webhook-id', 'bat_…: the same on every retry, which holds fewer elements when one was cancelled or expired in between'),
        ...signed,
        header(
          'posthorn-batch',
          'how many elements there are; there is no posthorn-delivery but a posthorn-endpoint, and posthorn-sequence stands in the elements',
        ),
      ],
      requestBody: bodyOf({ type: 'array', minItems: 1, maxItems: 1_000, items: element }),
      responses,
    },
  },
};
