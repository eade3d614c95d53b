// Access tokens of OAuth 2.0 client credentials (RFC 6749, 4.4), in memory only: asked for once for everybody who waits, and again before they expire.
//
// The token server is asked as endpoints are: the same address guard, proxy and bounds. What it refuses is told, without a word of what it said.
import { createHash } from 'node:crypto';
import {
  allowInsecureRequests,
  ClientSecretBasic,
  ClientSecretPost,
  clientCredentialsGrantRequest,
  customFetch,
  processClientCredentialsResponse,
} from 'oauth4webapi';
import type { OAuthClient } from '#domain/endpoint-target';
import type { SendResult } from '#domain/outcome';
import { LocalFault } from './local-fault.ts';
import type { Sender } from './send.ts';

/** `refused`: why there is none, for an operator to read, and the peace that the token server asked for. */
export type Asked = { token: string } | { refused: string; retryAfterMs: number | null };

export interface Tokens {
  /** Throws LocalFault. */
  get(endpointId: string, client: OAuthClient): Promise<Asked>;
  /** The one that is asked for has no connection of ours yet: the token server has not heard of it. */
  isWaiting(endpointId: string, client: OAuthClient): boolean;
  /** The endpoint did not take this token: the next one asks for another. */
  forget(endpointId: string, client: OAuthClient, token: string): void;
}

interface Kept {
  token: string;
  /** By `performance.now()`. */
  renewAtMs: number;
}

const kept = 10_000;
const askWithinMs = 10_000;
const usualLifeMs = 300_000;
const longestLifeMs = 86_400_000;
/** So long before its end, and a tenth of its life at most, a token is not used any more. */
const marginMs = 60_000;
const sendable = /^[\x21-\x7e]{1,8000}$/;

export function createTokens(send: Sender['send']): Tokens {
  const tokens = new Map<string, Kept>();
  const flights = new Map<string, Promise<Asked>>();
  const waiting = new Set<string>();

  async function ask(key: string, client: OAuthClient): Promise<Asked> {
    waiting.add(key);
    const heard = await askFor((request) => send({ ...request, onLine: () => waiting.delete(key) }), client).finally(() =>
      waiting.delete(key),
    );
    if ('refused' in heard) return heard;
    tokens.delete(key);
    tokens.set(key, { token: heard.token, renewAtMs: performance.now() + heard.lifeMs - Math.min(marginMs, heard.lifeMs / 10) });
    const oldest = tokens.keys().next();
    if (tokens.size > kept && !oldest.done) tokens.delete(oldest.value);
    return { token: heard.token };
  }

  return {
    async get(endpointId, client) {
      const key = keyOf(endpointId, client);
      const known = tokens.get(key);
      if (known && performance.now() < known.renewAtMs) return { token: known.token };
      const flight = flights.get(key) ?? ask(key, client).finally(() => flights.delete(key));
      flights.set(key, flight);
      return flight;
    },
    isWaiting: (endpointId, client) => waiting.has(keyOf(endpointId, client)),
    forget(endpointId, client, token) {
      const key = keyOf(endpointId, client);
      if (tokens.get(key)?.token === token) tokens.delete(key);
    },
  };
}

/** Of what is asked for, so that a change of it asks anew. */
function keyOf(endpointId: string, client: OAuthClient): string {
  return `${endpointId} ${createHash('sha256').update(JSON.stringify(client)).digest('base64')}`;
}

type Heard = { token: string; lifeMs: number } | { refused: string; retryAfterMs: number | null };

async function askFor(send: Sender['send'], client: OAuthClient): Promise<Heard> {
  const { tokenUrl, clientId, clientSecret, credentialsIn = 'header', scope, audience } = client;
  const { origin, host } = new URL(tokenUrl);
  const server = { issuer: origin, token_endpoint: tokenUrl };
  const proof = credentialsIn === 'header' ? ClientSecretBasic(clientSecret) : ClientSecretPost(clientSecret);
  const wish = new URLSearchParams({ ...(scope !== undefined && { scope }), ...(audience !== undefined && { audience }) });
  let result: SendResult | undefined;
  try {
    const response = await clientCredentialsGrantRequest(server, { client_id: clientId }, proof, wish, {
      // which addresses may be asked without TLS is for the address guard to say
      [allowInsecureRequests]: true,
      // the URL that was configured: what the library has read of it may be another
      async [customFetch](_url, { headers: { 'user-agent': _, ...headers }, body }) {
        result = await send({ url: tokenUrl, headers, body: Buffer.from(String(body)), timeoutMs: askWithinMs });
        return asResponse(result);
      },
    });
    const said = await processClientCredentialsResponse(server, { client_id: clientId }, response);
    if (said.token_type !== 'bearer' || !sendable.test(said.access_token)) throw new Error('not a token for a header');
    const lifeMs = Math.min((said.expires_in ?? usualLifeMs / 1_000) * 1_000, longestLifeMs);
    return { token: said.access_token, lifeMs };
  } catch (error) {
    if (error instanceof LocalFault || !result) throw error;
    const why = result.outcome === 'accepted' ? `what ${host} answered is no token response` : result.message;
    return { refused: `no access token: ${why}`, retryAfterMs: result.retryAfterMs };
  }
}

/** Throws unless the answer may be a token. */
function asResponse({ outcome, response }: SendResult): Response {
  if (outcome !== 'accepted' || response?.statusCode !== 200 || response.bodyTruncated) throw new Error('no token response');
  return new Response(Buffer.from(response.bodyStart), { status: 200, headers: response.headers });
}
