// Verifies that an endpoint agrees to receive webhooks. Called by the verification activity.
// Sends one request, writes nothing: safe to repeat. The endpoint echoes a nonce or answers as in
// https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md, section 4.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { VerificationToAsk } from '#db/endpoints/verifications';
import type { Db } from '#db/store/pool';
import type { SendResult } from '#domain/deliveries/outcome';
import { type EndpointTarget, fixedAuthorization } from '#domain/endpoints/endpoint-target';
import { signsWithKeyPair } from '#domain/endpoints/signing';
import { allowedRate, allowsOrigin, echoedIn, keptPerSecond } from '#domain/endpoints/verification';
import { accessOf } from '#outbound/access';
import { LocalFault } from '#outbound/local-fault';
import type { Sender } from '#outbound/send';
import { newId } from '#runtime/new-id';
import type { Vault } from '#sealing/vault';
import { createDecryptionCache } from './decryption-cache.ts';
import { KeyRing } from './key-ring.ts';
import { buildRequest } from './request.ts';

/** `perSecond`: the highest request rate that the endpoint agreed to; null: no limit. */
export type ChallengeAnswer = { agreed: true; perSecond: number | null } | { agreed: false; outcome: string; message: string };

export interface ChallengeDeps {
  db: Db;
  vault: Pick<Vault, 'open' | 'seal'>;
  sender: Pick<Sender, 'send'>;
  /** The origin under which this server is reached. */
  publicOrigin: string;
}

/** Sends one request. Throws VaultError, and LocalFault when the failure is inside Posthorn. */
export type Challenge = (endpointId: string, asked: VerificationToAsk) => Promise<ChallengeAnswer>;

/** The requested rate, in requests per minute, for an endpoint without a rate limit. */
const defaultPerMinute = 6_000;

export function createChallenge(deps: ChallengeDeps): Challenge {
  const keyRing = new KeyRing(deps.db, deps.vault);
  return (endpointId, asked) =>
    asked.method === 'cloudevents' ? handshake(deps, endpointId, asked) : echo(deps, keyRing, endpointId, asked);
}

/** The endpoint agrees when its response contains the nonce. */
async function echo(
  { vault, sender }: ChallengeDeps,
  keyRing: KeyRing,
  endpointId: string,
  asked: VerificationToAsk,
): Promise<ChallengeAnswer> {
  const opened = createDecryptionCache(vault);
  const keyPairs = signsWithKeyPair(asked.signing) ? await keyRing.signersOf(asked.tenantId) : [];
  const challenge = randomBytes(16).toString('base64url');
  const { headers, ...request } = buildRequest(
    {
      endpointId,
      tenantId: asked.tenantId,
      deliveryId: '',
      webhookId: newId('evt'),
      body: Buffer.from(JSON.stringify({ type: 'posthorn.verification', data: { challenge } })),
      target: opened.target(endpointId, asked.target),
      format: 'standard',
      signing: asked.signing,
      timeoutMs: asked.timeoutMs,
      secrets: asked.secrets.map(opened.secret),
      keyPairs,
    },
    1,
    Date.now(),
  );
  // this request is not a delivery
  const { 'posthorn-delivery': _, ...sent } = headers;
  const result = await sender.send({ ...request, headers: sent });
  if (result.outcome !== 'accepted') return refused(result, result.message);
  const echoed = echoedIn(Buffer.from(result.response?.bodyStart ?? []).toString());
  return isSame(echoed, challenge)
    ? { agreed: true, perSecond: null }
    : refused(result, `${result.message}; the response does not echo the challenge`);
}

/** The endpoint agrees by response headers, which may also limit the rate. */
async function handshake(
  { vault, sender, publicOrigin }: ChallengeDeps,
  endpointId: string,
  asked: VerificationToAsk,
): Promise<ChallengeAnswer> {
  const us = new URL(publicOrigin).hostname;
  const target = createDecryptionCache(vault).target(endpointId, asked.target);
  const result = await sender.send({
    url: target.url,
    method: 'OPTIONS',
    headers: {
      ...headersOf(target),
      'webhook-request-origin': us,
      'webhook-request-rate': String(asked.perSecond === null ? defaultPerMinute : Math.max(1, Math.round(asked.perSecond * 60))),
    },
    body: new Uint8Array(),
    access: accessOf(endpointId, target),
    timeoutMs: asked.timeoutMs,
  });
  if (result.outcome !== 'accepted') return refused(result, result.message);
  if (!allowsOrigin(headerOf(result, 'webhook-allowed-origin'), us))
    return refused(result, `${result.message}; WebHook-Allowed-Origin does not allow ${us}`);
  const perMinute = allowedRate(headerOf(result, 'webhook-allowed-rate'));
  const perSecond = perMinute === null || perMinute / 60 > keptPerSecond.most ? null : perMinute / 60;
  if (perSecond !== null && perSecond < keptPerSecond.least)
    return refused(result, `${result.message}; WebHook-Allowed-Rate is too low: ${perMinute} requests a minute`);
  return { agreed: true, perSecond };
}

/** The kind of an error, for the tenant to read. The message is left out: it may name internal things. */
export function faultOf(error: unknown): string {
  if (error instanceof LocalFault) return error.code;
  return error instanceof Error ? error.name : 'unknown';
}

function headersOf({ headers, auth }: EndpointTarget): Record<string, string> {
  const authorization = fixedAuthorization(auth);
  return authorization === null ? headers : { ...headers, authorization };
}

function headerOf({ response }: SendResult, wanted: string): string | undefined {
  return response?.headers.find(([name]) => name.toLowerCase() === wanted)?.[1];
}

function refused({ outcome }: SendResult, message: string): ChallengeAnswer {
  return { agreed: false, outcome, message };
}

function isSame(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}
