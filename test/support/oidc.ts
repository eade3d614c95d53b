// A real OpenID Connect provider (oidc-provider) with a page on which a test signs in as anybody, in a browser or without.
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider as OidcProvider } from 'oidc-provider';
import { vi } from 'vitest';

export interface Provider {
  issuer: string;
  /** Of the client `posthorn`. */
  clientSecret: string;
  /** Where all its clients may return to. */
  redirectUris: string[];
  /** Signs in as a person of the provider, and returns the parameters with which it goes back to the client. */
  authorize(url: string, person: string): Promise<{ code: string; state: string; iss: string | null }>;
  close(): Promise<void>;
}

const clientSecret = 'a secret: of & the client %';
const placeholder = 'https://posthorn.invalid/signed-in';

/** The claims of each person, by its `sub`. */
export type People = Record<string, Record<string, unknown>>;

export async function startProvider(people: People): Promise<Provider> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const redirectUris: string[] = [];
  server.on('request', listenerOf(issuer, people, redirectUris));
  return {
    issuer,
    clientSecret,
    redirectUris,
    authorize: (url, person) => authorize(issuer, url, person),
    close() {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function listenerOf(issuer: string, people: People, redirectUris: string[]): RequestListener {
  // it reminds of what a provider in production needs
  for (const method of ['info', 'warn'] as const) vi.spyOn(console, method).mockImplementation(() => undefined);
  const common = { redirect_uris: [placeholder], response_types: ['code'], grant_types: ['authorization_code'] };
  const provider: OidcProvider = new OidcProvider(issuer, {
    clients: [
      { ...common, client_id: 'posthorn', client_secret: clientSecret },
      { ...common, client_id: 'by-post', client_secret: clientSecret, token_endpoint_auth_method: 'client_secret_post' },
      { ...common, client_id: 'public', token_endpoint_auth_method: 'none' },
    ],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
    cookies: { keys: ['a key of the test'] },
    features: { devInteractions: { enabled: false } },
    findAccount: (_context: unknown, sub: string) => ({ accountId: sub, claims: () => ({ sub, ...people[sub] }) }),
    interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/sign-in/${uid}` },
    pkce: { required: () => true },
    // nobody is asked for consent
    async loadExistingGrant({ oidc }: { oidc: { client: { clientId: string }; session: { accountId: string } } }) {
      const grant = new provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
  });
  provider.Client.prototype.redirectUriAllowed = (uri) => redirectUris.includes(uri);
  const answer = provider.callback();
  return (request, response) => {
    if (!request.url?.startsWith('/sign-in/')) return answer(request, response);
    void signInPage(provider, Object.keys(people), request, response);
  };
}

async function signInPage(provider: OidcProvider, people: string[], request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'GET') {
    const buttons = people.map((name) => `<button name="person" value="${name}">${name}</button>`);
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><title>Test ID</title><form method="post">${buttons.join('')}</form>`);
    return;
  }
  let body = '';
  for await (const piece of request) body += piece;
  await provider.interactionFinished(request, response, { login: { accountId: new URLSearchParams(body).get('person') } });
}

/** A browser in short: follows redirects with cookies, and answers the page of the provider. */
async function authorize(issuer: string, url: string, person: string): ReturnType<Provider['authorize']> {
  const cookies = new Map<string, string>();
  for (let at = new URL(url), method = 'GET'; ; method = 'GET') {
    const isPage = at.pathname.startsWith('/sign-in/');
    const headers = { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') };
    if (isPage) method = 'POST';
    const answer = await fetch(at, { method, headers, redirect: 'manual', ...(isPage && { body: new URLSearchParams({ person }) }) });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const location = answer.headers.get('location');
    if (location === null) throw new Error(`${at.href}: ${answer.status} ${await answer.text()}`);
    at = new URL(location, issuer);
    const { searchParams: query } = at;
    if (at.origin !== issuer) return { code: query.get('code') ?? '', state: query.get('state') ?? '', iss: query.get('iss') };
  }
}
