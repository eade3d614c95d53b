// Signed text is unambiguous in every scheme: no other split of it into id, time and body verifies.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CustomSigning, type Signing, signing } from '#domain/endpoints/signing';
import { privateKeyOf, publicBytesOf } from '#outbound/key-pair';
import { signatureHeaders } from '#outbound/signatures';
import { signingSecret } from '#outbound/signing-secret';
import { verify as verifyRequest, WebhookVerificationError } from '#receiver';
import { customScheme } from '#receiver/schemes';

interface Message {
  id: string;
  timestamp: string;
  body: string;
}
type Headers = Record<string, string>;

const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const key = privateKeyOf(Buffer.alloc(32, 1));
const signers = { secrets: [signingSecret('sec_1', secret)], keyPairs: [{ keyId: 'sgk_1', key }] };
const publicKeys = [`whpk_${publicBytesOf(key).toString('base64')}`];

const customOf = (signed: CustomSigning['signed'], more: Partial<CustomSigning> = {}): CustomSigning => ({
  ...{ header: 'x-signature', algorithm: 'sha256', encoding: 'hex', signed, secretAs: 'text', ...more },
});
const asStripe = { lead: 't={timestamp}', prefix: 'v1=', separator: ',' };

interface Way {
  by: Signing;
  /** The signed text, as a template. */
  signed: string;
  verify(headers: Headers, body: Buffer, now: number): void;
}
const byCustom = (custom: CustomSigning): Way => ({
  by: signing.parse({ schemes: [], custom }),
  signed: custom.signed,
  verify: (headers, body, now) => void verifyRequest(body, headers, [secret], { scheme: customScheme(custom), now }),
});
const standard = (scheme: 'v1' | 'v1a'): Way => ({
  by: { schemes: [scheme] },
  signed: '{id}.{timestamp}.{body}',
  verify: (headers, body, now) => void verifyRequest(body, headers, scheme === 'v1' ? [secret] : publicKeys, { now }),
});
const ways: Record<string, Way> = {
  v1: standard('v1'),
  v1a: standard('v1a'),
  'custom over id, timestamp and body': byCustom(customOf('{id}.{timestamp}.{body}')),
  'custom over timestamp and body': byCustom(customOf('{timestamp}.{body}')),
  'custom over timestamp and body, as Stripe': byCustom(customOf('{timestamp}.{body}', asStripe)),
  'custom over timestamp and body, with a second timestamp': byCustom(customOf('{timestamp}.{body}', { timestampHeader: 'x-timestamp' })),
  'custom over the body': byCustom(customOf('{body}')),
};

function headersOf(by: Signing, { id, timestamp, body }: Message): Headers {
  const common = { 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': timestamp };
  const request = { id, timestamp: Number(timestamp), url: 'https://example.com/', body: Buffer.from(body), headers: common };
  return { ...common, ...signatureHeaders(request, by, signers) };
}

/** Every message with the same signed text. */
function readings(signed: string, message: Message): Message[] {
  if (signed === '{body}') return [message];
  const { id, timestamp, body } = message;
  const text = signed.startsWith('{id}') ? `${id}.${timestamp}.${body}` : `${timestamp}.${body}`;
  const dots = [...text.matchAll(/\./g)].map(({ index }) => index);
  if (!signed.startsWith('{id}')) return dots.map((at) => ({ id, timestamp: text.slice(0, at), body: text.slice(at + 1) }));
  return dots.flatMap((first) =>
    dots
      .filter((second) => second > first)
      .map((second) => ({ id: text.slice(0, first), timestamp: text.slice(first + 1, second), body: text.slice(second + 1) })),
  );
}

function isValid(run: () => void): boolean {
  try {
    run();
    return true;
  } catch (error) {
    if (error instanceof WebhookVerificationError) return false;
    throw error;
  }
}

const message = fc.record({
  id: fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/),
  timestamp: fc.integer({ min: 1_700_000_000, max: 1_900_000_000 }).map(String),
  body: fc.string({ unit: fc.constantFrom('.', '.', '1', '7', '9', '0', 'e', 'x', '-', '{', '"'), maxLength: 30 }),
});

describe.each(Object.entries(ways))('%s', (_name, { by, signed, verify }) => {
  it('verifies only as the message that was signed, not as another split of its text', () => {
    fc.assert(
      fc.property(message, (sent) => {
        const headers = headersOf(by, sent);
        for (const read of readings(signed, sent)) {
          const sameTime = read.timestamp === sent.timestamp;
          const claimed = {
            ...Object.fromEntries(
              Object.entries(headers).map(([name, value]) => [name, value.replace(`t=${sent.timestamp}`, `t=${read.timestamp}`)]),
            ),
            'webhook-id': read.id,
            'webhook-timestamp': read.timestamp,
            ...('x-timestamp' in headers && { 'x-timestamp': read.timestamp }),
          };
          // at the time that makes the claimed timestamp look recent
          const now = Number.isFinite(Number(read.timestamp)) ? Number(read.timestamp) * 1_000 : Date.now();
          const same = sameTime && read.id === sent.id && read.body === sent.body;
          expect(isValid(() => verify(claimed, Buffer.from(read.body), now))).toBe(same);
        }
      }),
      { numRuns: 200 },
    );
  });
});

it.each(Object.entries(ways).filter(([, { signed }]) => signed !== '{body}'))(
  '%s: refuses a timestamp that is not only digits',
  (_name, { by, verify }) => {
    const sent = { id: 'evt_1', timestamp: '1795000000', body: '{}' };
    const others = ['note.1795', '0x6b49d200', '1795000000.', '1795000000.0', '1.795e9', ' 1795000000', '+1795000000', 'NaN', '-1', '٣'];
    for (const timestamp of others) {
      const headers = { ...headersOf(by, sent), 'webhook-timestamp': timestamp };
      expect(() => verify(headers, Buffer.from(sent.body), 1_795_000_000_000), timestamp).toThrow(
        expect.objectContaining({ reason: 'malformed_header' }),
      );
    }
  },
);

it('a timestamp extended with text of the body is refused, so the age check cannot be avoided', () => {
  const scheme = customOf('{timestamp}.{body}');
  const headers = headersOf(signing.parse({ schemes: [], custom: scheme }), { id: 'evt_1', timestamp: '1795000000', body: 'note.rest' });
  const moved = { ...headers, 'webhook-timestamp': '1795000000.note' };
  const verify = () => verifyRequest('rest', moved, [secret], { scheme: customScheme(scheme), now: 1_995_000_000_000 });
  expect(verify).toThrow(expect.objectContaining({ reason: 'malformed_header' }));
});

it('a second timestamp must equal the signed one', () => {
  const sent = { id: 'evt_1', timestamp: '1795000000', body: '{}' };
  const now = 1_795_000_000_000;
  const twice = byCustom(customOf('{timestamp}.{body}', { timestampHeader: 'x-timestamp' }));
  const stripe = byCustom(customOf('{timestamp}.{body}', asStripe));
  const [second, lead] = [headersOf(twice.by, sent), headersOf(stripe.by, sent)];
  expect(isValid(() => twice.verify(second, Buffer.from('{}'), now))).toBe(true);
  expect(isValid(() => twice.verify({ ...second, 'x-timestamp': '1795000001' }, Buffer.from('{}'), now))).toBe(false);
  const later = (lead['x-signature'] ?? '').replace('t=1795000000', 't=1795000001');
  expect(isValid(() => stripe.verify({ ...lead, 'x-signature': later }, Buffer.from('{}'), now))).toBe(false);
});

it.each([
  [Number.NaN, 300],
  [Number.POSITIVE_INFINITY, 300],
  [Number.NEGATIVE_INFINITY, 300],
  [1_795_000_000_000, Number.NaN],
])('refuses a clock of %d with a tolerance of %d', (now, tolerance) => {
  const headers = headersOf({ schemes: ['v1'] }, { id: 'evt_1', timestamp: '1795000000', body: '{}' });
  expect(isValid(() => verifyRequest('{}', headers, secret, { now, tolerance }))).toBe(false);
});

it.each<[CustomSigning['secretAs'], string]>([
  ['text', ''],
  ['hex', 'no hex at all'],
  ['base64', '!!!!'],
  ['base64', 'whsec_'],
])('refuses a secret that does not decode to a key: %s %j', (secretAs, given) => {
  const scheme = customOf('{body}', { secretAs });
  const verify = () => verifyRequest('{}', { 'x-signature': 'a' }, [given], { scheme: customScheme(scheme) });
  expect(verify).toThrow(expect.objectContaining({ reason: 'bad_secret' }));
});

it('refuses to sign ambiguous text', () => {
  const sent = { id: 'evt_1', timestamp: '1795000000', body: '{}' };
  for (const { by } of Object.values(ways)) {
    expect(() => headersOf(by, { ...sent, id: 'evt.1' })).toThrow(/cannot be signed/);
    expect(() => headersOf(by, { ...sent, timestamp: '1795000000.5' })).toThrow(/cannot be signed/);
  }
});
