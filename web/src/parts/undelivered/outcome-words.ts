// How the last attempts ended, in words.
import type { UndeliveredEndpoint } from '@posthorn/client';

const words: Record<string, string> = {
  accepted: 'accepted',
  http_status: 'HTTP error',
  redirect: 'redirect',
  gone: 'gone (410)',
  timeout: 'timeout',
  dns: 'name not found',
  address_blocked: 'address not allowed',
  connect: 'no connection',
  tls: 'TLS error',
  reset: 'connection reset',
  protocol: 'not HTTP',
  response_too_large: 'headers too large',
  auth_failed: 'no OAuth token',
};

const mostShown = 3;

/** @example "HTTP error 1,180 · timeout 24" */
export function outcomesText(outcomes: UndeliveredEndpoint['outcomes']): string {
  const shown = outcomes.slice(0, mostShown).map(({ outcome, count }) => {
    const word = outcome === null ? 'no attempt' : (words[outcome] ?? outcome);
    return outcomes.length === 1 ? word : `${word} ${count.toLocaleString('en')}`;
  });
  return [...shown, ...(outcomes.length > mostShown ? ['…'] : [])].join(' · ');
}
