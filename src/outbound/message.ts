// The sentence about an attempt that an operator reads first. It names the host, never path, query or credentials.
import type { EndpointResponse, Outcome } from '#domain/outcome';

interface Told {
  outcome: Outcome;
  host: string;
  response: EndpointResponse | null;
  /** Those of the response came whole. */
  hasHeaders: boolean;
  address: string | null;
  totalMs: number;
  timeoutMs: number;
  /** Why the exchange did not end as it should. */
  error: Error | null;
  /** Of the error, as far as it is known. */
  code: string;
  reconnected: boolean;
}

export function messageOf(told: Told): string {
  const repeated = told.reconnected ? '; sent again at once, because the kept connection closed before an answer came' : '';
  return `${told.response ? answered(told, told.response) : unanswered(told)}${repeated}`;
}

function answered(told: Told, { statusCode }: EndpointResponse): string {
  const flaw = told.error ? `; ${flawOf(told, told.error)}` : '';
  return `HTTP ${statusCode} from ${told.host}, ${Math.round(told.totalMs)} ms${remarks[told.outcome] ?? ''}${flaw}`;
}

const remarks: Partial<Record<Outcome, string>> = { redirect: '; redirects are not followed', gone: '; it wants no more events' };

/** What is wrong with an answer whose status counts all the same. */
function flawOf({ hasHeaders, timeoutMs, code }: Told, error: Error): string {
  const part = hasHeaders ? 'body' : 'headers';
  if (code === 'POSTHORN_DEADLINE') return `its ${part} did not end within ${timeoutMs / 1_000} s`;
  if (code === 'POSTHORN_TOO_LARGE') return error.message;
  if (code === 'HPE_HEADER_OVERFLOW') return 'its headers are over 16 KiB';
  if (code.startsWith('HPE_'))
    return `its ${part} is not valid HTTP/1.1 (${error.message.replace('Parse Error: ', '')})`.replace('headers is', 'headers are');
  return `the connection was lost before its ${part} ended`;
}

function unanswered({ outcome, host, address, timeoutMs, error, code }: Told): string {
  const at = address ? ` at ${address}` : '';
  switch (outcome) {
    case 'timeout':
      return code === 'POSTHORN_DEADLINE'
        ? `no answer from ${host} within ${timeoutMs / 1_000} s`
        : `no answer from ${host}${at} (${code})`;
    case 'dns':
      return `${host} cannot be resolved (${code})`;
    case 'connect':
      return `cannot connect to ${host}${at} (${code})`;
    case 'tls':
      return `no trusted TLS connection to ${host} (${code})`;
    case 'reset':
      return `${host} closed the connection without an answer`;
    case 'protocol':
      if (code === 'POSTHORN_UPGRADE') return `${host} answered 101 Switching Protocols, which was not asked for`;
      return code === 'HPE_HEADER_OVERFLOW' ? `${host} answered with too many headers` : `${host} did not answer in valid HTTP/1.1`;
    case 'response_too_large':
      return `${host} sent too much before a status: interim answers, or a status line without an end`;
    default:
      return error?.message ?? '';
  }
}
