// Writes the message of an attempt, which operators read first. It names the host, never the path,
// the query or credentials. Example: "HTTP 503 from api.example.com, 41 ms".
import { answeredWith } from '#domain/deliveries/answered-status';
import type { EndpointResponse, Outcome } from '#domain/deliveries/outcome';

interface AttemptFacts {
  outcome: Outcome;
  host: string;
  response: EndpointResponse | null;
  /** The headers of the response arrived complete. */
  hasHeaders: boolean;
  address: string | null;
  totalMs: number;
  timeoutMs: number;
  /** Why the exchange did not complete. Null: it did. */
  error: Error | null;
  /** The error's code; '' if unknown. */
  code: string;
  reconnected: boolean;
}

export function messageOf(facts: AttemptFacts): string {
  const repeated = facts.reconnected ? '; sent again on a new connection, because the kept-alive connection closed before a response' : '';
  return `${facts.response ? answered(facts, facts.response) : unanswered(facts)}${repeated}`;
}

function answered(facts: AttemptFacts, { statusCode }: EndpointResponse): string {
  const flaw = facts.error ? `; ${flawOf(facts, facts.error)}` : '';
  return `${answeredWith(statusCode, facts.host)}, ${Math.round(facts.totalMs)} ms${remarks[facts.outcome] ?? ''}${flaw}`;
}

const remarks: Partial<Record<Outcome, string>> = { redirect: '; redirects are not followed', gone: '; the endpoint wants no more events' };

/** What is wrong with a response whose status counts nevertheless. */
function flawOf({ hasHeaders, timeoutMs, code }: AttemptFacts, error: Error): string {
  const part = hasHeaders ? 'body' : 'headers';
  if (code === 'POSTHORN_DEADLINE') return `its ${part} did not end within ${timeoutMs / 1_000} s`;
  if (code === 'POSTHORN_TOO_LARGE') return error.message;
  if (code === 'HPE_HEADER_OVERFLOW') return 'its headers are over 16 KiB';
  if (code.startsWith('HPE_'))
    return `its ${part} is not valid HTTP/1.1 (${error.message.replace('Parse Error: ', '')})`.replace('headers is', 'headers are');
  return `the connection was lost before its ${part} ended`;
}

function unanswered({ outcome, host, address, timeoutMs, error, code }: AttemptFacts): string {
  const at = address ? ` at ${address}` : '';
  switch (outcome) {
    case 'timeout':
      return code === 'POSTHORN_DEADLINE'
        ? `no response from ${host} within ${timeoutMs / 1_000} s`
        : `no response from ${host}${at} (${code})`;
    case 'dns':
      return `${host} cannot be resolved (${code})`;
    case 'connect':
      return `cannot connect to ${host}${at} (${code})`;
    case 'tls':
      return `cannot establish a trusted TLS connection to ${host} (${code})`;
    case 'reset':
      return `${host} closed the connection without a response`;
    case 'protocol':
      if (code === 'POSTHORN_UPGRADE') return `${host} answered 101 Switching Protocols, which Posthorn did not request`;
      return code === 'HPE_HEADER_OVERFLOW' ? `${host} answered with headers over 16 KiB` : `${host} did not answer in valid HTTP/1.1`;
    case 'response_too_large':
      return `${host} sent too much before a complete status line: interim responses, or a status line that does not end`;
    default:
      return error?.message ?? '';
  }
}
