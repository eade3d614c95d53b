// The verification of an endpoint: which responses count as agreement.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Challenge, createChallenge } from '#attempts/challenge';
import { createAddressGuard } from '#outbound/address-guard';
import { createSender, type Sender } from '#outbound/send';
import { newId } from '#runtime/new-id';
import { sealTarget } from '#sealing/endpoint-target-encryption';
import { sealSecret } from '#sealing/secret';
import { createVault } from '#sealing/vault';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';

let database: TestDatabase;
let receiver: Receiver;
let sender: Sender;
let ask: (method: 'echo' | 'cloudevents', perSecond?: number) => ReturnType<Challenge>;

beforeAll(async () => {
  [receiver, database] = await Promise.all([startReceiver(), createTestDatabase()]);
  sender = createSender({ guard: createAddressGuard({ allowCidrs: ['127.0.0.0/8'] }), userAgent: 'Posthorn/test' });
  const vault = createVault([randomBytes(32).toString('base64')]);
  const challenge = createChallenge({ db: database.db, vault, sender, publicOrigin: 'https://hooks.example:8443' });
  const [tenantId, endpointId, secret] = [newId('tnt'), newId('ep'), newId('sec')];
  const target = sealTarget(vault, endpointId, { url: `${receiver.url}/hook`, headers: { 'x-key': 'k' }, auth: null }).sealed;
  const secrets = [{ id: secret, sealed: sealSecret(vault, secret, `whsec_${randomBytes(24).toString('base64')}`) }];
  ask = (method, perSecond) =>
    challenge(endpointId, {
      tenantId,
      method,
      target: Buffer.from(target),
      timeoutMs: 30_000,
      signing: null,
      perSecond: perSecond ?? null,
      secrets,
    });
});
afterAll(async () => {
  await sender.close();
  await Promise.all([receiver.close(), database.drop()]);
});
beforeEach(() => void receiver.requests.splice(0));

const nonceOf = (body: Buffer) => JSON.parse(body.toString()).data.challenge as string;

it.each<[string, number, (nonce: string) => string, boolean]>([
  ['the nonce', 200, (nonce) => nonce, true],
  ['the nonce, 201', 201, (nonce) => `${nonce}\n`, true],
  ['the nonce as JSON', 200, (nonce) => JSON.stringify({ challenge: nonce }), true],
  ['the nonce, but 500', 500, (nonce) => nonce, false],
  ['the nonce, but a redirect', 302, (nonce) => nonce, false],
  ['the whole request body', 200, (nonce) => JSON.stringify({ type: 'posthorn.verification', data: { challenge: nonce } }), false],
  ['nothing', 204, () => '', false],
  ['a part of the nonce', 200, (nonce) => nonce.slice(1), false],
  ['the nonce after 70,000 spaces', 200, (nonce) => ' '.repeat(70_000) + nonce, false],
])('judges a response with %s (%i)', async (_, status, answer, agreed) => {
  receiver.answer('/hook', ({ body }, response) => void response.writeHead(status).end(answer(nonceOf(body))));
  expect(await ask('echo')).toMatchObject(agreed ? { agreed, perSecond: null } : { agreed });
  expect(receiver.requests[0]?.headers).toMatchObject({ 'x-key': 'k', 'webhook-signature': expect.stringMatching(/^v1,/) });
});

it('sends a new nonce each time', async () => {
  receiver.answer('/hook', [204]);
  for (let n = 0; n < 3; n++) await ask('echo');
  expect(new Set(receiver.requests.map(({ body }) => nonceOf(body))).size).toBe(3);
});

it.each<[Record<string, string>, object]>([
  [
    { 'webhook-allowed-origin': 'hooks.example', 'webhook-allowed-rate': '120' },
    { agreed: true, perSecond: 2 },
  ],
  [
    { 'webhook-allowed-origin': '*', 'webhook-allowed-rate': '*' },
    { agreed: true, perSecond: null },
  ],
  [{ 'webhook-allowed-origin': '*' }, { agreed: true, perSecond: null }],
  [
    { 'webhook-allowed-origin': '*', 'webhook-allowed-rate': '999999999' },
    { agreed: true, perSecond: null },
  ],
  [
    { 'webhook-allowed-origin': '*', 'webhook-allowed-rate': '5' },
    { agreed: false, message: expect.stringContaining('5 requests a minute') },
  ],
  [{ 'webhook-allowed-origin': 'other.example' }, { agreed: false, message: expect.stringContaining('does not allow hooks.example') }],
  [{ 'webhook-allowed-rate': '120' }, { agreed: false }],
])('judges a handshake answered with %j', async (headers, expected) => {
  receiver.answer('/hook', (_request, response) => void response.writeHead(200, headers).end());
  expect(await ask('cloudevents', 0.5)).toMatchObject(expected);
  expect(receiver.requests).toMatchObject([
    { method: 'OPTIONS', headers: { 'webhook-request-origin': 'hooks.example', 'webhook-request-rate': '30', 'x-key': 'k' } },
  ]);
});

it('takes an error status in the handshake as a refusal', async () => {
  receiver.answer('/hook', [405]);
  expect(await ask('cloudevents')).toMatchObject({ agreed: false, outcome: 'http_status' });
});
