// Runs the steps of sign-ins that ask the OpenID Connect provider: a few at once, and with its failures as problems.
import { ProviderAway, SignInRefused } from '#oidc/open-id-connect';
import type { Logger } from '#runtime/logger';
import { Problem } from '../http/problem.ts';

export interface SignInLimit {
  /** Runs a step that asks the provider. Throws a 429 while too many do, a 401 if it is refused, a 503 if the provider is away. */
  run<T>(step: () => Promise<T>, log: Logger): Promise<T>;
}

/** Anybody can ask for such a step: only so many requests to the provider at once. */
const mostAtOnce = 16;

export function createSignInLimit(): SignInLimit {
  let running = 0;
  return {
    async run(step, log) {
      if (running >= mostAtOnce)
        throw new Problem(429, 'Too many sign-ins are in progress. Retry after the time in Retry-After.', {
          headers: { 'retry-after': '2' },
        });
      running++;
      try {
        return await step();
      } catch (error) {
        throw problemOf(error, log);
      } finally {
        running--;
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
