// `node bench/receiver.ts`: what it costs a receiver to verify a request, in microseconds of one core, by scheme and
// body size. v1 must take at most 20 for 1 KiB.
import { randomBytes } from 'node:crypto';
import { type Signing, signing } from '#domain/endpoints/signing';
import { privateKeyOf, publicBytesOf } from '#outbound/key-pair';
import { signatureHeaders } from '#outbound/signatures';
import { signingSecret } from '#outbound/signing-secret';
import { type Secret, type VerifyOptions, verify } from '#receiver';
import { verify as verifyAsync } from '#receiver/fetch';
import { customScheme, rfc9421 } from '#receiver/schemes';
import { stripe } from './stripe-signing.ts';

const sizes = [300, 1_024, 10_000, 250_000];
const forMs = 1_000;
const timestamp = Math.floor(Date.now() / 1_000);
const url = 'https://example.com/hooks/in?tenant=acme';
const secret = `whsec_${randomBytes(32).toString('base64')}`;
const key = privateKeyOf(randomBytes(32));
const publicKey = `whpk_${publicBytesOf(key).toString('base64')}`;
const signers = { secrets: [signingSecret('sec_1', secret)], keyPairs: [{ keyId: 'sgk_1', key }] };

const ways: Record<string, [Signing, Secret, VerifyOptions]> = {
  v1: [signing.parse({ schemes: ['v1'] }), secret, {}],
  v1a: [signing.parse({ schemes: ['v1a'] }), publicKey, {}],
  'custom, as Stripe': [signing.parse({ schemes: [], custom: stripe }), secret, { scheme: customScheme(stripe) }],
  'RFC 9421, hmac-sha256': [{ schemes: [], messageSignatures: { algorithm: 'hmac-sha256' } }, secret, { scheme: rfc9421({ url }) }],
  'RFC 9421, ed25519': [{ schemes: [], messageSignatures: { algorithm: 'ed25519' } }, publicKey, { scheme: rfc9421({ url }) }],
};

async function measure(
  [by, secrets, options]: [Signing, Secret, VerifyOptions],
  bytes: number,
  verifying: typeof verify | typeof verifyAsync,
) {
  const body = randomBytes(bytes);
  const common = { 'content-type': 'application/json', 'webhook-id': 'evt_1', 'webhook-timestamp': String(timestamp) };
  const signed = signatureHeaders({ id: 'evt_1', timestamp, url, body, headers: common }, by, signers);
  // as Node gives them
  const headers = Object.fromEntries(
    Object.entries({ host: 'example.com', 'user-agent': 'Posthorn', ...common, ...signed }).map(([name, value]) => [
      name.toLowerCase(),
      value,
    ]),
  );
  const run = async (untilMs: number) => {
    const from = process.cpuUsage();
    let done = 0;
    for (const end = performance.now() + untilMs; performance.now() < end; done += 10)
      for (let n = 0; n < 10; n++) await verifying(body, headers, secrets, options);
    const { user, system } = process.cpuUsage(from);
    return (user + system) / done;
  };
  await run(forMs / 4);
  return run(forMs);
}

const say = (line: string) => process.stdout.write(`${line}\n`);
say(`| µs of one core, body of | ${sizes.map((size) => `${size} bytes`).join(' | ')} |`);
say(`| --- | ${sizes.map(() => '---').join(' | ')} |`);
for (const [entry, verifying] of Object.entries({ Node: verify, WebCrypto: verifyAsync })) {
  for (const [name, way] of Object.entries(ways)) {
    const cells: string[] = [];
    for (const size of sizes) cells.push((await measure(way, size, verifying)).toFixed(1));
    say(`| ${name}, ${entry} | ${cells.join(' | ')} |`);
  }
}
