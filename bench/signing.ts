// `node bench/signing.ts`: measures the cost of signing a delivery in microseconds of one core, by
// scheme and body size.
import { randomBytes } from 'node:crypto';
import { type Signing, signing } from '#domain/endpoints/signing';
import { privateKeyOf } from '#outbound/key-pair';
import { type Signers, signatureHeaders } from '#outbound/signatures';
import { signingSecret } from '#outbound/signing-secret';
import { stripe } from './stripe-signing.ts';

const sizes = [300, 10_000, 250_000];
const forMs = 1_000;

const ways: Record<string, Signing | null> = {
  v1: null,
  v1a: signing.parse({ schemes: ['v1a'] }),
  'v1 and v1a': signing.parse({ schemes: ['v1', 'v1a'] }),
  'custom, as Stripe': signing.parse({ schemes: [], custom: stripe }),
  'RFC 9421, hmac-sha256': signing.parse({ schemes: [], messageSignatures: { algorithm: 'hmac-sha256' } }),
  'RFC 9421, ed25519': signing.parse({ schemes: [], messageSignatures: { algorithm: 'ed25519' } }),
};
const signers: Signers = {
  secrets: [signingSecret('sec_1', `whsec_${randomBytes(32).toString('base64')}`)],
  keyPairs: [{ keyId: 'sgk_1', key: privateKeyOf(randomBytes(32)) }],
};

function measure(by: Signing | null, bytes: number): number {
  const body = randomBytes(bytes);
  const headers = { 'content-type': 'application/json', 'webhook-id': 'evt_1', 'webhook-timestamp': '1790000000' };
  const request = { id: 'evt_1', timestamp: 1_790_000_000, url: 'https://example.com/hooks/in?tenant=acme', body, headers };
  const run = (untilMs: number) => {
    const from = process.cpuUsage();
    let done = 0;
    for (const end = performance.now() + untilMs; performance.now() < end; done += 10)
      for (let n = 0; n < 10; n++) signatureHeaders(request, by, signers);
    const { user, system } = process.cpuUsage(from);
    return (user + system) / done;
  };
  run(forMs / 4);
  return run(forMs);
}

const say = (line: string) => process.stdout.write(`${line}\n`);
say(`| µs a delivery, body of | ${sizes.map((size) => `${size} bytes`).join(' | ')} |`);
say(`| --- | ${sizes.map(() => '---').join(' | ')} |`);
for (const [name, by] of Object.entries(ways)) say(`| ${name} | ${sizes.map((size) => measure(by, size).toFixed(1)).join(' | ')} |`);
