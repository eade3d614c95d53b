// Examples of `posthorn listen` for the OpenAPI document.
import type { ListenAnswer, ListenedRequest } from '#domain/endpoints/listen';
import { deliveryId, endpointId, eventId } from './ids.ts';

const body = '{"type":"order.created","timestamp":"2026-03-02T09:10:50.620Z","data":{"orderId":"1001"}}';
const request: ListenedRequest = {
  id: '019cabf3-e1c0-7d8a-9f2b-64c1d07e35a8',
  headers: [
    ['content-type', 'application/json'],
    ['webhook-id', eventId],
    ['webhook-timestamp', '1772442650'],
    ['posthorn-delivery', deliveryId],
    ['posthorn-attempt', '1'],
    ['webhook-signature', 'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4='],
    ['user-agent', 'Posthorn/0.1.0'],
  ],
  body: Buffer.from(body).toString('base64'),
  timeoutMs: 15_000,
};

const eventOf = (name: string, data: object) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

export const listenExample = eventOf('ready', { endpoint: endpointId }) + eventOf('request', request);

export const listenAnswerExample: ListenAnswer = {
  target: 'localhost:3000',
  status: 200,
  headers: [['content-type', 'text/plain']],
  body: Buffer.from('ok').toString('base64'),
  totalMs: 12,
};
