// Finds out what an attempt sent, and whether its signature is right.
import { readPastSigning } from '#db/deliveries/sent-events';
import { type AttemptDetails, type SignatureFacts, showSignature } from '#domain/views/attempt-details';
import type { SentRequestView } from '#domain/views/sent-request';
import { checkSent } from './check-sent.ts';
import { readSentBody, type SentAttempt, type SentDeps } from './sent-body.ts';

const longestText = 1_048_576;

/** `shown`: the request as a caller sees it who may read the endpoint. Null: it was not stored. */
export interface Inspected {
  attempt: SentAttempt;
  endpointId: string;
  shown: SentRequestView;
}

export async function inspectAttempt(
  deps: SentDeps,
  inspected: Inspected | null,
  now = new Date(),
): Promise<Pick<AttemptDetails, 'sentBody' | 'signature'>> {
  const body = inspected === null ? 'not_known' : await readSentBody(deps, inspected.attempt);
  if (inspected === null || typeof body === 'string') {
    const facts: SignatureFacts = { verdict: 'not_checked', why: inspected === null ? 'no_request' : 'no_body' };
    return {
      sentBody: { state: body === 'erased' ? 'erased' : 'not_known', text: null, truncated: false },
      signature: showSignature(facts, now),
    };
  }
  const { attempt, endpointId, shown } = inspected;
  const signing = await readPastSigning(deps.db, endpointId);
  const request = { method: shown.method, url: shown.url, headers: Object.fromEntries(shown.headers), body: body.bytes };
  const facts: SignatureFacts = signing
    ? checkSent(deps.vault, { ...request, atMs: attempt.startedAt.getTime() }, signing)
    : { verdict: 'not_checked', why: 'other_settings' };
  const truncated = body.shown.length > longestText;
  return { sentBody: { state: 'exact', text: body.shown.slice(0, longestText), truncated }, signature: showSignature(facts, now) };
}
