// The request of a stored attempt is shown with the headers that were sent then. If these tests fail
// because headers have changed, keep the old way for what is stored under the old layout number
// (src/db/deliveries/exchanges.ts).
import { expect, it } from 'vitest';
import { type RequestSource, type SentRequest, showRequest } from '#domain/views/sent-request';

const sent: SentRequest = {
  targetVersion: 2,
  userAgent: 'Posthorn/0.1.0',
  body: { bytes: 121, sha256: 'ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=' },
  format: 'standard',
  signatures: { 'webhook-signature': 'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=' },
  sequence: null,
  replay: null,
  batch: null,
};
const source: RequestSource = {
  sent,
  target: {
    url: 'https://hooks.example.com:8443/orders?shop=7',
    headers: { 'X-Shop': '***' },
    auth: { type: 'bearer', token: '***' },
    tls: { subject: 'CN=us', expiresAt: '2027-01-01T00:00:00.000Z', fingerprint: 'ab' },
  },
  startedAt: new Date('2026-03-02T09:15:00.999Z'),
  number: 3,
  deliveryId: 'dlv_1',
  endpointId: 'ep_1',
  batchId: null,
  event: { id: 'evt_1', tenantId: 'tnt_1', type: 'order.paid', timestamp: '2026-03-02T09:15:00.000Z' },
};

it('of the first layout has these headers', () => {
  expect(showRequest(source, true)).toEqual({
    method: 'POST',
    url: 'https://hooks.example.com:8443/orders?shop=7',
    headers: [
      ['host', 'hooks.example.com:8443'],
      ['connection', 'keep-alive'],
      ['X-Shop', '***'],
      ['authorization', 'Bearer ***'],
      ['content-type', 'application/json'],
      ['webhook-id', 'evt_1'],
      ['webhook-timestamp', '1772442900'],
      ['posthorn-delivery', 'dlv_1'],
      ['posthorn-attempt', '3'],
      ['webhook-signature', 'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4='],
      ['accept-encoding', 'identity'],
      ['user-agent', 'Posthorn/0.1.0'],
      ['content-length', '121'],
    ],
    body: { bytes: 121, sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' },
    tls: { subject: 'CN=us', expiresAt: '2027-01-01T00:00:00.000Z', fingerprint: 'ab' },
  });
});

it('of a batch names the batch, the endpoint and the attempt of its first delivery', () => {
  const batch = { events: 2, number: 1, isTest: true };
  const { headers } = showRequest({ ...source, batchId: 'bat_1', sent: { ...sent, format: 'cloudevents', sequence: null, batch } }, true);
  expect(headers.slice(4, -4)).toEqual([
    ['content-type', 'application/cloudevents-batch+json; charset=utf-8'],
    ['webhook-id', 'bat_1'],
    ['webhook-timestamp', '1772442900'],
    ['posthorn-batch', '2'],
    ['posthorn-endpoint', 'ep_1'],
    ['posthorn-attempt', '1'],
    ['posthorn-test', 'true'],
  ]);
});

it('hides the path, the headers and the certificate of an endpoint that the caller may not read', () => {
  const shown = showRequest(source, false);
  expect(shown).toMatchObject({ url: 'https://hooks.example.com:8443/***', tls: null });
  expect(shown.headers.slice(0, 4)).toEqual([
    ['host', 'hooks.example.com:8443'],
    ['connection', 'keep-alive'],
    ['***', '***'],
    ['authorization', 'Bearer ***'],
  ]);
});
