// The sentence about an attempt that an operator reads first. It names the host, never path, query or credentials.
import type { EndpointResponse, Outcome } from '../domain/outcome.ts';

interface Told {
  outcome: Outcome;
  host: string;
  response: EndpointResponse | null;
  address: string | null;
  totalMs: number;
  timeoutMs: number;
  /** Of the error, where there was one. */
  code: string;
  /** What a refused address is. */
  detail: string;
}

export function messageOf(told: Told): string {
  const { outcome, host, response, address, code, detail } = told;
  const status = response && `HTTP ${response.statusCode} from ${host}`;
  const at = address ? ` at ${address}` : '';
  const ms = `${Math.round(told.totalMs)} ms`;
  const within = `within ${told.timeoutMs / 1_000} s`;
  switch (outcome) {
    case 'accepted':
    case 'http_status':
      return `${status}, ${ms}`;
    case 'redirect':
      return `${status}, ${ms}; redirects are not followed`;
    case 'gone':
      return `${status}, ${ms}; it wants no more events`;
    case 'timeout':
      if (code !== 'POSTHORN_DEADLINE') return `no answer from ${host}${at} (${code})`;
      return status ? `${status}, but its body did not end ${within}` : `no answer from ${host} ${within}`;
    case 'dns':
      return `${host} cannot be resolved (${code})`;
    case 'address_blocked':
    case 'auth_failed':
      return detail;
    case 'connect':
      return `cannot connect to ${host}${at} (${code})`;
    case 'tls':
      return `no trusted TLS connection to ${host} (${code})`;
    case 'reset':
      return status ? `${status}, but the connection was lost before its body ended` : `${host} closed the connection without an answer`;
    case 'protocol':
      return code === 'UND_ERR_HEADERS_OVERFLOW' ? `${host} answered with too many headers` : `${host} did not answer in valid HTTP/1.1`;
    case 'response_too_large':
      return status ? `${status}, but its body is too large` : `${host} sent more than a response may have`;
  }
}
