// The stable codes of problem documents, for programs that say in words of their own what is wrong.
import { type Obstacle, obstacles } from '#domain/deliveries/delivery';

/** What a problem is called, unless its place in the code knows better. */
const codesOfStatuses = {
  400: 'malformed',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  409: 'conflict',
  412: 'precondition_failed',
  413: 'too_large',
  415: 'unsupported_media_type',
  422: 'invalid',
  429: 'rate_limited',
  500: 'internal',
  503: 'unavailable',
} as const;

export const problemCodes = [
  ...Object.values(codesOfStatuses),
  // 409 of a command, a test event or a check of an endpoint
  ...(Object.keys(obstacles) as Obstacle[]),
  'not_applicable',
  'in_progress',
  'limit_reached',
  'endpoint_limit',
  'host_limit',
] as const;
export type ProblemCode = (typeof problemCodes)[number];

export function codeOfStatus(status: number): ProblemCode {
  const known: Partial<Record<number, ProblemCode>> = codesOfStatuses;
  return known[status] ?? (status >= 500 ? 'internal' : 'malformed');
}
