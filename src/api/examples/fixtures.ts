// Example of the fixtures of an event type for the OpenAPI document: a real answer, without most of its fixtures.
import type { Fixtures } from '#domain/sandbox/fixture';

export const fixturesExample: Fixtures = {
  type: 'order.created',
  version: 1,
  secret: 'whsec_qiQnmtpo/SV+fSftYCTNT3RTeHVf3Jcs4ZKFmN/rgIg=',
  publicKey: 'whpk_++rrOlwpOTN0L6AuDytrbkjgS6Ky36tp4eRuWXV6LmM=',
  now: '2026-01-01T00:00:00.000Z',
  toleranceSeconds: 300,
  data: [
    {
      name: 'valid',
      description: 'A correct request.',
      expected: 'accept',
      sameEventAs: null,
      request: {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'webhook-id': 'evt_019b76daa80078bd89a519c661275d01',
          'webhook-timestamp': '1767225600',
          'posthorn-delivery': 'dlv_019b76daa80078bdbd7d98bcf4f77a8a',
          'posthorn-attempt': '1',
          'webhook-signature': 'v1,K8yOFo/AXaxKg1zZDS/izLzk79g70HECZr773gksnv8=',
        },
        body: '{"type":"order.created","timestamp":"2026-01-01T00:00:00.000Z","data":{"orderId":"1001","total":99.9,"currency":"EUR"}}',
      },
    },
    {
      name: 'wrong_secret',
      description: 'Signed with another secret.',
      expected: 'refuse',
      sameEventAs: null,
      request: {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'webhook-id': 'evt_019b76daa8007000a569cfd861f54504',
          'webhook-timestamp': '1767225600',
          'posthorn-delivery': 'dlv_019b76daa800700091b14ea2f425628f',
          'posthorn-attempt': '1',
          'webhook-signature': 'v1,RFqmFKa6BK7+GNNvx5R/n0Ikpz3Dv0r45iIoWyHwuRA=',
        },
        body: '{"type":"order.created","timestamp":"2026-01-01T00:00:00.000Z","data":{"orderId":"1001","total":99.9,"currency":"EUR"}}',
      },
    },
  ],
};
