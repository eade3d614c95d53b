// Sign-in through an OpenID Connect provider: authorization code flow with PKCE and nonce (openid-client). Posthorn keeps
// nothing between the two steps: the page that began a sign-in holds its state, nonce and verifier.
import * as client from 'openid-client';
import type { BegunSignIn, CodeToExchange, Person, Role } from '#domain/access/session';
import { type Claims, claimAt, personFromClaims, type RoleRules, roleFromClaims } from '#domain/access/sign-in-claims';

export interface OidcSettings {
  issuer: string;
  clientId: string;
  /** Undefined: a public client, which PKCE alone protects. */
  clientSecret: string | undefined;
  /** How the secret is sent to the provider. */
  clientAuth: 'basic' | 'post';
  scopes: string;
  /** Of the provider, for the button. */
  name: string;
  /** Where the provider returns to. */
  redirectUri: string;
  roles: RoleRules;
}

export interface OpenIdConnect {
  name: string;
  redirectUri: string;
  /** All settings that decide who may sign in as what. */
  settings: string;
  /** Rejects with ProviderAway. */
  begin(): Promise<BegunSignIn>;
  /** Role null: the person has none here. Rejects with ProviderAway or SignInRefused. */
  finish(code: CodeToExchange): Promise<{ person: Person; role: Role | null }>;
}

/** The provider does not answer, or not as it should. */
export class ProviderAway extends Error {
  override name = 'ProviderAway';
}

/** The code, or what came for it, is not valid. */
export class SignInRefused extends Error {
  override name = 'SignInRefused';
}

const timeoutSeconds = 10;
/** Then the metadata of the provider is read again. */
const knownForMs = 3_600_000;

export function createOpenIdConnect(settings: OidcSettings, clock: () => number = () => performance.now()): OpenIdConnect {
  const { issuer, clientId, clientSecret, name, redirectUri, roles } = settings;
  let known: { config: Promise<client.Configuration>; untilMs: number } | null = null;

  function provider(): Promise<client.Configuration> {
    if (known && clock() < known.untilMs) return known.config;
    const config = discover(settings).catch((cause) => {
      known = null;
      throw new ProviderAway('the provider does not answer with its metadata', { cause });
    });
    known = { config, untilMs: clock() + knownForMs };
    return config;
  }

  return {
    name,
    redirectUri,
    settings: JSON.stringify([issuer, clientId, clientSecret ?? null, roles]),
    async begin() {
      const config = await provider();
      const [state, nonce, verifier] = [client.randomState(), client.randomNonce(), client.randomPKCECodeVerifier()];
      const url = client.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: settings.scopes,
        state,
        nonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      });
      return { url: url.href, state, nonce, verifier };
    },
    async finish(code) {
      const claims = await exchange(await provider(), settings, code);
      return { person: personFromClaims(claims, issuer), role: roleFromClaims(claims, roles) };
    },
  };
}

async function discover({ issuer, clientId, clientSecret, clientAuth }: OidcSettings): Promise<client.Configuration> {
  const server = new URL(issuer);
  const ofSecret = clientAuth === 'basic' ? client.ClientSecretBasic(clientSecret) : client.ClientSecretPost(clientSecret);
  // the configuration allows http only on this machine
  const execute = [client.enableNonRepudiationChecks, ...(server.protocol === 'http:' ? [client.allowInsecureRequests] : [])];
  const auth = clientSecret === undefined ? client.None() : ofSecret;
  return client.discovery(server, clientId, undefined, auth, { execute, timeout: timeoutSeconds });
}

/** The claims of the ID token, and those of the userinfo endpoint where the ID token lacks the role or the e-mail address. */
async function exchange(config: client.Configuration, { redirectUri, roles }: OidcSettings, given: CodeToExchange): Promise<Claims> {
  const { code, issuer, verifier, nonce } = given;
  const returned = new URL(redirectUri);
  returned.searchParams.set('code', code);
  if (issuer !== undefined) returned.searchParams.set('iss', issuer);
  try {
    const checks = { pkceCodeVerifier: verifier, expectedNonce: nonce, idTokenExpected: true };
    const tokens = await client.authorizationCodeGrant(config, returned, checks);
    const claims = tokens.claims();
    if (!claims) throw new SignInRefused('the provider sent no ID token');
    const isWhole = claimAt(claims, roles.claim) !== undefined && claims.email !== undefined;
    if (isWhole || config.serverMetadata().userinfo_endpoint === undefined) return claims;
    const { email_verified: isVerified, ...more } = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
    // what is verified is the address of the same answer
    const isSame = claims.email === undefined || claims.email === more.email;
    return { ...more, ...(isSame && { email_verified: isVerified }), ...claims };
  } catch (error) {
    throw refusalOf(error);
  }
}

/** OAuth errors that blame Posthorn's own registration are a fault of the configuration, not of the person. */
const ownFaults = new Set(['invalid_client', 'unauthorized_client', 'unsupported_grant_type', 'invalid_scope']);

function refusalOf(error: unknown): Error {
  if (error instanceof SignInRefused) return error;
  if (error instanceof client.ResponseBodyError) {
    const text = `the provider answered ${error.error}${error.error_description ? `: ${error.error_description}` : ''}`;
    return ownFaults.has(error.error) ? new ProviderAway(text, { cause: error }) : new SignInRefused(text, { cause: error });
  }
  if (error instanceof client.WWWAuthenticateChallengeError)
    return new ProviderAway('the provider refuses the client id or the secret of Posthorn', { cause: error });
  // a claim, a signature or the issuer is not as it must be
  const isRefusal = error instanceof client.ClientError && !/TIMEOUT|ABORT|RESPONSE_IS_NOT|HTTP/.test(String(error.code));
  if (isRefusal || error instanceof client.AuthorizationResponseError) return new SignInRefused(String(error.message), { cause: error });
  return new ProviderAway('the provider does not answer the exchange of the code', { cause: error });
}
