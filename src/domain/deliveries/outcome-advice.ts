// What to do about the outcome of an attempt, in one sentence for the people of the endpoint.
import { type Outcome, outcomes } from './outcome.ts';

const advice: Record<Outcome, string | null> = {
  accepted: null,
  http_status: 'Look into the log of the receiver for this webhook-id, and make it answer with a status from 200 to 299.',
  redirect: 'Redirects are not followed: set the endpoint to the URL that the receiver redirects to.',
  gone: 'The receiver answered 410, which stops the endpoint: resume it when the receiver wants events again.',
  timeout: 'Answer first and process the event afterwards, or raise the timeout of the endpoint.',
  dns: 'Check the host name of the endpoint and its DNS records.',
  address_blocked: 'The endpoint resolves to a private or special address: use a public one, or have the operator allow it.',
  connect: 'Check that the receiver runs, and that its firewall lets Posthorn in.',
  tls: 'Check the certificate of the receiver: its chain, its host name and its dates.',
  reset: 'The receiver or a proxy before it closed the connection: check its limits and its log.',
  protocol: 'The answer was not valid HTTP: check what listens at this address and port.',
  response_too_large: 'The response headers are too large: answer with fewer of them.',
  auth_failed: 'The OAuth server gave no access token: check the client id, the client secret and the token URL.',
};

/** `outcome`: as a delivery's row has it; null: it had no attempt. */
export function adviceOn(outcome: string | null): string | null {
  const known = outcomes.find((one) => one === outcome);
  return known ? advice[known] : null;
}
