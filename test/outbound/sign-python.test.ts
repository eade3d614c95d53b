// Posthorn's signatures verify with the Standard Webhooks library for Python.
import { expect, it } from 'vitest';
import { privateKeyOf } from '#outbound/key-pair';
import { signatureHeaders } from '#outbound/signatures';
import { signingSecret } from '#outbound/signing-secret';
import { runPython } from '../support/python.ts';

const script = `
import json, sys
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
def check(case):
    try:
        Webhook(case["secret"]).verify(case["body"], case["headers"])
        return "verified"
    except WebhookVerificationError as error:
        return str(error)
print(json.dumps([check(case) for case in json.load(sys.stdin)]))
`;

const secretOf = (byte: number, length = 32) => `whsec_${Buffer.alloc(length, byte).toString('base64')}`;

it('standardwebhooks for Python verifies signatures, also next to v1a, and with each secret of a rotation', async () => {
  const timestamp = Math.floor(Date.now() / 1_000);
  const secrets = [secretOf(1, 24), secretOf(2, 64), secretOf(3)].map((text, index) => ({ text, ...signingSecret(`sec_${index}`, text) }));
  const cases = ['{}', '{"naïve":"日本 ✓","n":1.10}', `{"filling":"${'x'.repeat(10_000)}"}`].flatMap((body) => {
    const common = { 'webhook-id': 'evt_1', 'webhook-timestamp': String(timestamp) };
    const request = { id: 'evt_1', timestamp, url: 'https://example.com/', body: Buffer.from(body), headers: common };
    const keyPairs = [{ keyId: 'sgk_1', key: privateKeyOf(Buffer.alloc(32, 7)) }];
    const headers = { ...common, ...signatureHeaders(request, { schemes: ['v1a', 'v1'] }, { secrets, keyPairs }) };
    return [...secrets.map(({ text }) => text), secretOf(9)].map((secret) => ({ secret, body, headers }));
  });
  const verdicts: string[] = JSON.parse(await runPython({ name: 'standardwebhooks', version: '1.1.0' }, script, JSON.stringify(cases)));
  expect(verdicts).toEqual(cases.map(({ secret }) => (secret === secretOf(9) ? 'No matching signature found' : 'verified')));
});
