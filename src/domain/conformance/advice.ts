// What to change in a receiver that did not pass a case of the conformance run.
import type { CaseName } from './conformance.ts';

const advice: Record<CaseName | 'control', string> = {
  control:
    'Make the receiver accept a correct request first: check the secret and the URL, that the signature is verified over the raw body, and that the event type and its data are ones it knows (eventType, data).',
  bad_signature:
    'Verify the signature over the raw bytes of the body before anything else, with a constant-time comparison, and answer 401 when it does not match or is missing.',
  stale_time:
    'Refuse a request whose signed time is more than five minutes from now, either way, with a 4xx status. Otherwise a recorded request can be sent again at any time.',
  duplicate: 'Answer 2xx for a webhook-id that was received before, and do nothing more. Any other answer makes Posthorn send it again.',
  reorder:
    'Answer 2xx for an event that is older than one received before. Retries and replays arrive late: decide after the answer what to do with them, by `timestamp` or `posthorn-sequence`.',
  slow: 'Store the event, answer 2xx at once, and work in the background. Several requests arrive at the same time.',
  large: 'Raise the body limit of the receiver, and of the proxies before it, to at least 512 KiB.',
  unknown_type:
    'Answer 2xx for event types that the receiver does not handle. New types appear without notice, and a refusal is retried for days.',
  rotation:
    'Accept a request when any one of its signatures is valid. During a rotation there is one for each live secret, and yours may be any of them.',
  replay:
    'Answer 2xx for a request with the header posthorn-replay: somebody asked for this event to be delivered again. Process it again, unless your own records show that it was done.',
};

export function adviceOf(name: CaseName | 'control'): string {
  return advice[name];
}
