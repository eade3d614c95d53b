// Runs the steps of sign-ins that ask the OpenID Connect provider: a few at once of each client, and with its failures as
// problems.
import { ProviderAway, SignInRefused } from '#oidc/open-id-connect';
import type { Logger } from '#runtime/logger';
import { Problem } from '../http/problem.ts';
import { clientOf } from './client-address.ts';

export interface SignInLimit {
  /**
   * Runs a step of a client that asks the provider. Throws a 429 while too many of it or of all clients do, a 401 if it is
   * refused, a 503 if the provider is away.
   */
  run<T>(step: () => Promise<T>, address: string | null, log: Logger): Promise<T>;
}

/** Anybody can ask for such a step: only so many at once, and of one client a part of them, so that it cannot shut out all others. */
const mostAtOnce = 64;
const mostOfOne = 8;

export function createSignInLimit(): SignInLimit {
  let running = 0;
  /** Only clients with a step that runs. */
  const ofClients = new Map<string, number>();
  function count(client: string, change: 1 | -1): void {
    running += change;
    const own = (ofClients.get(client) ?? 0) + change;
    if (own > 0) ofClients.set(client, own);
    else ofClients.delete(client);
  }
  return {
    async run(step, address, log) {
      const client = clientOf(address);
      if (running >= mostAtOnce || (ofClients.get(client) ?? 0) >= mostOfOne)
        throw new Problem(429, 'Too many sign-ins are in progress. Retry after the time in Retry-After.', {
          headers: { 'retry-after': '2' },
        });
      count(client, 1);
      try {
        return await step();
      } catch (error) {
        throw problemOf(error, log);
      } finally {
        count(client, -1);
      }
    },
  };
}

function problemOf(error: unknown, log: Logger): unknown {
  if (error instanceof SignInRefused) {
    log.warn({ err: error }, 'access.sign_in_refused');
    return new Problem(401, 'The sign-in is not valid: it was already used, has expired, or was begun elsewhere. Sign in again.', {
      headers: { 'www-authenticate': 'Bearer' },
    });
  }
  if (!(error instanceof ProviderAway)) return error;
  log.error({ err: error }, 'access.provider_away');
  return new Problem(
    503,
    'The OpenID Connect provider does not answer as it should. Nothing was changed; sign in again later, or with a key.',
    {
      headers: { 'retry-after': '5' },
      cause: error,
    },
  );
}
