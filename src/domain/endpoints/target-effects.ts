// What a change of where and how an endpoint is asked does: URL, headers, credentials, signature, verification.
import type { EffectFacts, EndpointChange, Tell } from './change-effect.ts';
import type { Endpoint } from './endpoint.ts';

/** Everything here is read again for each attempt, so waiting deliveries get it, too. */
const waiting = 'Deliveries that are waiting are sent that way, too.';

/** What was learnt about the old target is forgotten (docs/endpoints.md, "When an endpoint leads elsewhere"). */
function forgets({ gate }: Endpoint, { isFailing }: EffectFacts): string {
  const forgotten = isFailing ? ' Its circuit is closed and a Retry-After ends, because they belong to the endpoint as it was.' : '';
  return gate === 'disabled' ? `${forgotten} The endpoint is enabled again.` : forgotten;
}

function methodAfter(before: Endpoint, change: EndpointChange) {
  return change.verification ?? before.verification.method;
}

const asked = {
  echo: 'it has answered a POST by returning a nonce',
  cloudevents: 'it has answered an OPTIONS request that allows this server',
};

const url: Tell<'url'> = (_, before, facts, change) => {
  const told = `Requests go to the new URL from the next attempt on. ${waiting}${forgets(before, facts)}`;
  const method = methodAfter(before, change);
  return method === 'none' ? told : { caution: `${told} Deliveries are held until ${asked[method]}.` };
};

const verification: Tell<'verification'> = (_, before, __, change) => {
  const method = methodAfter(before, change);
  if (method !== 'none') return { caution: `Nothing is sent until ${asked[method]}. Until then deliveries are held.` };
  return before.gateReason === 'unverified'
    ? 'The endpoint is not asked any more, and what is held for it is sent.'
    : 'The endpoint is not asked again when its URL changes.';
};

const headers: Tell<'headers'> = (after, before, facts) =>
  `${Object.keys(after ?? {}).length === 0 ? 'Requests have no custom headers any more' : 'Requests have these headers from the next attempt on'}. ${waiting}${forgets(before, facts)}`;

const auth: Tell<'auth'> = (after, before, facts) =>
  after === null
    ? { caution: `Requests have no credentials any more.${forgets(before, facts)}` }
    : `Requests have these credentials from the next attempt on. ${waiting}${forgets(before, facts)}`;

const tls: Tell<'tls'> = (after, before, facts) =>
  after === null
    ? { caution: `New connections have no client certificate and no own authorities any more.${forgets(before, facts)}` }
    : `New connections use these TLS settings. ${waiting}${forgets(before, facts)}`;

const signing: Tell<'signing'> = (_, before, facts) => ({
  caution: `Requests are signed in the new way from the next attempt on, those of waiting deliveries, too. Change the receiver first, or it refuses them.${forgets(before, facts)}`,
});

export const targetEffects = { url, verification, headers, auth, tls, signing };
