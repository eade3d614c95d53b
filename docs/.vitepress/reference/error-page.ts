// The reference of errors: the statuses of the API, the outcomes of attempts, the kinds of alerts.
import { audiences } from '#domain/alerts/alert';
import { outcomes } from '#domain/deliveries/outcome';
import { adviceOn } from '#domain/deliveries/outcome-advice';
import type { Document, Page } from './api-pages.ts';

/** What each status of a problem document means, and what to do. A test compares them with the OpenAPI document. */
export const statuses: Record<string, [name: string, meaning: string, action: string]> = {
  400: ['Bad Request', 'The body is not JSON, or the request is malformed.', 'Correct the request. The same request fails again.'],
  401: [
    'Unauthorized',
    'No key, a wrong or expired one, or one that may not call from this address.',
    'Send `Authorization: Bearer <key>`. The answer is the same for every reason.',
  ],
  403: [
    'Forbidden',
    'The key lacks the scope of the operation, or is bound to another tenant.',
    'Use a key with the scope that the operation lists.',
  ],
  404: ['Not Found', 'There is no such thing, or it belongs to a tenant that the key cannot see.', 'Check the id.'],
  409: [
    'Conflict',
    'An id is in use with other content, an Idempotency-Key came with another body, or the state does not allow the operation.',
    'Read `detail`. Do not retry as it is.',
  ],
  412: [
    'Precondition Failed',
    'The settings have changed since you read the etag that `If-Match` names. Nothing was changed.',
    'Read them again, and repeat the change with the new `etag`.',
  ],
  413: [
    'Content Too Large',
    'The body is larger than the operation takes. An event has at most 256 KiB, a batch 10 MiB.',
    'Send less, or a link in place of the content.',
  ],
  415: [
    'Unsupported Media Type',
    'The body is not `application/json`, or is compressed.',
    'Send `Content-Type: application/json` and no `Content-Encoding`.',
  ],
  422: [
    'Unprocessable Content',
    'A field is missing, unknown or not valid. `errors` names each field.',
    'Correct the fields that `errors` names. Nothing was stored.',
  ],
  429: [
    'Too Many Requests',
    'The rate of the key, or the limit of waiting events, is reached.',
    'Wait as long as `Retry-After` says, then send the same request.',
  ],
  500: [
    'Internal Server Error',
    'An error of Posthorn itself.',
    'Quote `x-request-id` when you report it. Retry with the same `id` or Idempotency-Key.',
  ],
  503: [
    'Service Unavailable',
    'A store is away. The request is *not confirmed*: it may have been carried out.',
    'Wait as long as `Retry-After` says, and repeat it with the same `id` or Idempotency-Key.',
  ],
};

export function errorPage(document: Document): Page {
  const others = [
    ...new Set(
      Object.values(document.paths).flatMap((methods) => Object.values(methods).flatMap(({ responses }) => Object.keys(responses))),
    ),
  ]
    .filter((status) => status >= '400' && !(status in statuses))
    .sort();
  return {
    path: 'reference/errors.md',
    title: 'Errors',
    text: [
      '# Errors',
      'Every refusal of the API is a problem document (RFC 9457), `application/problem+json`. A field has its own entry in `errors`.',
      '```json\n{\n  "type": "about:blank",\n  "title": "Unprocessable Entity",\n  "status": 422,\n  "code": "invalid",\n  "detail": "type is missing",\n  "errors": [{ "path": "type", "message": "is missing" }]\n}\n```',
      'Decide by `status`, or by `code`, which says more for some; show `detail` to people. Every answer has `x-request-id`: quote it when you report a problem.',
      '## Statuses of the API',
      ...[
        ...Object.entries(statuses),
        ...others.map((status): [string, [string, string, string]] => [status, ['', 'See the operation that answers it.', '']]),
      ].map(([status, [name, meaning, action]]) => `### ${status} ${name} {#${status}}\n\n${meaning} ${action}`),
      '## Outcomes of attempts',
      'What became of a request to an endpoint: `outcome` of an attempt, `lastOutcome` of a delivery, and the label of `posthorn_attempts_total`.',
      [
        '| outcome | what to do |',
        '| --- | --- |',
        ...outcomes.map(
          (outcome) => `| \`${outcome}\` | ${adviceOn(outcome) ?? 'Nothing: the endpoint answered with a status from 200 to 299.'} |`,
        ),
      ].join('\n'),
      '## Kinds of alerts',
      '[Alerts](/alerts.md) says when each opens and closes.',
      [
        '| kind | goes to |',
        '| --- | --- |',
        ...Object.entries(audiences).map(
          ([kind, audience]) => `| \`${kind}\` | ${audience === 'owner' ? 'the tenant and the operator' : 'the operator'} |`,
        ),
      ].join('\n'),
    ].join('\n\n'),
  };
}
