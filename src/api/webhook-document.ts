// The `webhooks` part of the OpenAPI document: what an endpoint gets (Standard Webhooks).

const text = (description: string) => ({ type: 'string', description });
const header = (name: string, description: string, required = true) => ({ name, in: 'header', required, schema: text(description) });

export const webhooks = {
  event: {
    post: {
      operationId: 'receiveEvent',
      summary: 'One attempt of one delivery',
      description:
        'Verify the signature over the body as it came, answer 200 to 299 within the time limit, and drop a webhook-id that was here before.',
      security: [],
      parameters: [
        header('webhook-id', 'the id of the event: the same on every retry and replay'),
        header('webhook-timestamp', 'when this attempt was made, in seconds since 1970'),
        header('webhook-signature', 'v1,… for each live secret, separated by spaces'),
        header('posthorn-delivery', 'the id of the delivery'),
        header('posthorn-attempt', 'the number of the attempt, from 1'),
        header(
          'posthorn-sequence',
          'of an ordered endpoint: the number of the delivery, of the endpoint or the ordering key, from 1',
          false,
        ),
      ],
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: {
              type: 'object',
              properties: {
                type: text('the type of the event'),
                timestamp: text('when it happened, in UTC'),
                data: { description: "the producer's, byte for byte" },
              },
              required: ['type', 'timestamp', 'data'],
            },
          },
        },
      },
      responses: {
        '2XX': { description: 'accepted' },
        '410': { description: 'the endpoint is gone: nothing more is sent to it until it is resumed' },
        '429': { description: 'refused; Retry-After is obeyed for the whole endpoint' },
        '503': { description: 'refused; Retry-After is obeyed for the whole endpoint' },
        default: { description: 'refused; tried again on schedule. Redirects are not followed' },
      },
    },
  },
};
