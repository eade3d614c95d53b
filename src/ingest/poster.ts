// Posts events to the HTTP API. An answer says whether the event is committed, is refused for good,
// or may be posted again later.
import { version } from '#config/package';
import type { PostableEvent } from './event-message.ts';

export type Answer =
  /** `warnings`: rules of the catalogue that it breaks and that only warn. */
  | { kind: 'accepted'; duplicate: boolean; warnings: string[] }
  /** Posting it again would not help. */
  | { kind: 'refused'; status: number; reason: string }
  /** `tenantOnly`: events of other tenants may be accepted now. `afterMs`: what Retry-After says. */
  | { kind: 'wait'; reason: string; tenantOnly: boolean; afterMs: number | null };

const timeoutMs = 60_000;
/** Statuses with which the API refuses this event and no other. 401 and 403 are about the key, and wait for a better one. */
const refusals = [400, 404, 409, 413, 415, 422];
const longestReason = 1_000;

export class Poster {
  readonly #origin: string;
  readonly #headers: Record<string, string>;

  constructor(url: string, apiKey: string) {
    this.#origin = new URL(url).href.replace(/\/$/, '');
    this.#headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', 'user-agent': `posthorn-ingest/${version}` };
  }

  /** Never throws. An answer that is lost is `wait`: posting the same event again is a duplicate, not a second event. */
  async post({ tenant, body }: PostableEvent): Promise<Answer> {
    try {
      const url = `${this.#origin}/v1/tenants/${encodeURIComponent(tenant)}/events`;
      const signal = AbortSignal.timeout(timeoutMs);
      const response = await fetch(url, { method: 'POST', headers: this.#headers, body, signal, redirect: 'manual' });
      return read(response, await response.text());
    } catch (error) {
      return wait(`the API does not answer: ${causeOf(error)}`);
    }
  }
}

function read(response: Response, text: string): Answer {
  const { status, headers } = response;
  const document = parse(text);
  if (status === 202 && typeof document?.duplicate === 'boolean')
    return { kind: 'accepted', duplicate: document.duplicate, warnings: fieldTexts(document.warnings) };
  // without a problem document it is not Posthorn that answers, so it says nothing about the event
  if (refusals.includes(status) && headers.get('content-type')?.startsWith('application/problem+json'))
    return { kind: 'refused', status, reason: reasonOf(document) };
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  const detail = typeof document?.detail === 'string' ? `: ${document.detail}` : '';
  return { ...wait(`HTTP ${status}${detail}`), tenantOnly: status === 429, afterMs: seconds >= 0 ? seconds * 1_000 : null };
}

const wait = (reason: string) => ({ kind: 'wait', reason: reason.slice(0, longestReason), tenantOnly: false, afterMs: null }) as const;

function parse(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
}

/** All invalid fields of a problem document, or its detail. */
function reasonOf(document: Record<string, unknown> | null): string {
  const fields = fieldTexts(document?.errors);
  const detail = String(document?.detail ?? 'no reason given');
  return (fields.length > 1 ? fields.join('; ') : detail).slice(0, longestReason);
}

function fieldTexts(errors: unknown): string[] {
  return Array.isArray(errors) ? errors.map(({ path, message }) => `${path} ${message}`) : [];
}

function causeOf(error: unknown): string {
  const { message, cause } = error as Error;
  if (cause === undefined) return message;
  const { code, message: inner } = cause as { code?: string; message?: string };
  return code ?? inner ?? message;
}
