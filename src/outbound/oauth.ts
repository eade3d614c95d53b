// A cache of OAuth 2.0 access tokens (client credentials, RFC 6749 section 4.4), in memory only.
// Concurrent callers share one token request, which uses the same address guard, proxy and size
// limits as endpoints. Error messages name host and status, never the token server's response.
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import {
  allowInsecureRequests,
  ClientSecretBasic,
  ClientSecretPost,
  clientCredentialsGrantRequest,
  customFetch,
  processClientCredentialsResponse,
} from 'oauth4webapi';
import type { SendResult } from '#domain/deliveries/outcome';
import type { OAuthClient } from '#domain/endpoints/endpoint-target';
import { createSingleFlight } from '#domain/single-flight';
import { LocalFault } from './local-fault.ts';
import type { Sender } from './send.ts';

/** `refused`: why there is no token, for operators to read. `retryAfterMs`: the token server's Retry-After. */
export type Asked = { token: string } | { refused: string; retryAfterMs: number | null };

export interface Tokens {
  /** Returns a cached or a new token. Throws LocalFault. */
  get(endpointId: string, client: OAuthClient): Promise<Asked>;
  /**
   * Whether the current token request is still queued for a connection, so that nothing was sent to the token server
   * yet.
   */
  isWaiting(endpointId: string, client: OAuthClient): boolean;
  /** Drops this token, because the endpoint refused it. The next `get` requests a new one. */
  forget(endpointId: string, client: OAuthClient, token: string): void;
}

const maxTokens = 10_000;
const askWithinMs = 10_000;
const usualLifeMs = 300_000;
const longestLifeMs = 86_400_000;
/** A token is renewed this long before it expires, but at most a tenth of its lifetime before. */
const marginMs = 60_000;
const sendable = /^[\x21-\x7e]{1,8000}$/;

export function createTokens(send: Sender['send']): Tokens {
  const tokens = new LRUCache<string, string>({ max: maxTokens });
  const flights = createSingleFlight<Asked>();
  const waiting = new Set<string>();

  async function ask(key: string, client: OAuthClient): Promise<Asked> {
    waiting.add(key);
    const received = await requestToken((request) => send({ ...request, onLine: () => waiting.delete(key) }), client).finally(() =>
      waiting.delete(key),
    );
    if ('refused' in received) return received;
    const ttl = received.lifeMs - Math.min(marginMs, received.lifeMs / 10);
    // lru-cache takes a TTL of 0 for no limit
    if (ttl > 0) tokens.set(key, received.token, { ttl });
    return { token: received.token };
  }

  return {
    async get(endpointId, client) {
      const key = keyOf(endpointId, client);
      const token = tokens.get(key);
      return token !== undefined ? { token } : flights.share(key, () => ask(key, client));
    },
    isWaiting: (endpointId, client) => waiting.has(keyOf(endpointId, client)),
    forget(endpointId, client, token) {
      const key = keyOf(endpointId, client);
      if (tokens.peek(key) === token) tokens.delete(key);
    },
  };
}

/** The cache key includes a hash of the client's settings, so that a changed client gets a new token. */
function keyOf(endpointId: string, client: OAuthClient): string {
  return `${endpointId} ${createHash('sha256').update(JSON.stringify(client)).digest('base64')}`;
}

type TokenResult = { token: string; lifeMs: number } | { refused: string; retryAfterMs: number | null };

async function requestToken(send: Sender['send'], client: OAuthClient): Promise<TokenResult> {
  const { tokenUrl, clientId, clientSecret, credentialsIn = 'header', scope, audience } = client;
  const { origin, host } = new URL(tokenUrl);
  const server = { issuer: origin, token_endpoint: tokenUrl };
  const proof = credentialsIn === 'header' ? ClientSecretBasic(clientSecret) : ClientSecretPost(clientSecret);
  const wish = new URLSearchParams({ ...(scope !== undefined && { scope }), ...(audience !== undefined && { audience }) });
  let result: SendResult | undefined;
  try {
    const response = await clientCredentialsGrantRequest(server, { client_id: clientId }, proof, wish, {
      // the address guard decides where plain http is allowed
      [allowInsecureRequests]: true,
      // uses the configured URL as it is written; the library's parsed URL may differ
      async [customFetch](_url, { headers: { 'user-agent': _, ...headers }, body }) {
        result = await send({ url: tokenUrl, headers, body: Buffer.from(String(body)), timeoutMs: askWithinMs });
        return asResponse(result);
      },
    });
    const parsed = await processClientCredentialsResponse(server, { client_id: clientId }, response);
    if (parsed.token_type !== 'bearer' || !sendable.test(parsed.access_token)) throw new Error('not a token for a header');
    const lifeMs = Math.min((parsed.expires_in ?? usualLifeMs / 1_000) * 1_000, longestLifeMs);
    return { token: parsed.access_token, lifeMs };
  } catch (error) {
    if (error instanceof LocalFault || !result) throw error;
    const why = result.outcome === 'accepted' ? `the response of ${host} is not a token response` : result.message;
    return { refused: `no access token: ${why}`, retryAfterMs: result.retryAfterMs };
  }
}

/** Throws unless the response may hold a token. */
function asResponse({ outcome, response }: SendResult): Response {
  if (outcome !== 'accepted' || response?.statusCode !== 200 || response.bodyTruncated) throw new Error('no token response');
  return new Response(Buffer.from(response.bodyStart), { status: 200, headers: response.headers });
}
