// Explains what became of an event at an endpoint: a stable code for programs, a sentence for people, and what to do.
// Pure: it decides from stored facts, so it gives the same answer whenever it is asked.
import type { AuditActor } from '../access/audit.ts';
import { answeredStatus } from '../deliveries/answered-status.ts';
import type { DeliveryStatus } from '../deliveries/delivery.ts';
import { adviceOn } from '../deliveries/outcome-advice.ts';
import type { Mismatch } from '../events/matching.ts';
import type { ExplainedDelivery, ExplainedEndpoint, ExplainedFacts, Explanation, Facts } from './explanation.ts';
import { heldByOf, heldBySentence } from './held-by.ts';

/** The parts that differ from delivery to delivery. */
type Told = Pick<Explanation, 'code' | 'message'> &
  Partial<Pick<Explanation, 'until' | 'heldBy' | 'advice'> & Pick<ExplainedFacts, 'cause' | 'by' | 'at'>>;

export function explain(facts: Facts): Explanation {
  const { endpoint, delivery } = facts;
  const { cause = null, by = null, at = null, ...told } = delivery ? tellers[delivery.status](facts, delivery) : withoutDelivery(facts);
  return {
    endpoint: endpoint.endpointId,
    host: endpoint.host,
    delivery: delivery?.id ?? null,
    status: delivery?.status ?? null,
    until: null,
    heldBy: null,
    lastOutcome: delivery?.lastOutcome ?? null,
    advice: null,
    facts: {
      attempts: delivery?.attempts ?? null,
      round: delivery?.round ?? null,
      lastStatus: answeredStatus(delivery?.lastMessage ?? null),
      lastMessage: delivery?.lastMessage ?? null,
      waitedFor: gateThen(endpoint),
      ...{ cause, by, at },
    },
    ...told,
  };
}

const reasons: Record<Mismatch, [message: string, advice: string | null]> = {
  type_not_subscribed: [
    'The endpoint did not subscribe to this event type when the event was accepted.',
    'Add the event type to the endpoint; earlier events need a replay.',
  ],
  channel_not_subscribed: [
    'The endpoint subscribed to channels of which the event has none.',
    'Add the channel to the endpoint, or post the event with one of its channels.',
  ],
  filter_not_matched: [
    'The filter of the endpoint did not match the event when it was accepted.',
    'Test the filter with the data of this event (POST /v1/filters/test).',
  ],
  created_later: ['The endpoint was created after the event was accepted.', 'Replay the event if the endpoint should have it.'],
  endpoint_deleted: ['The endpoint was deleted before the event was sent.', null],
  meant_for_another: ['It is a test event for another endpoint.', null],
};

function withoutDelivery({ event, mismatch }: Facts): Told {
  if (mismatch === 'filter_not_matched' && event.erasedAt !== null) {
    const message = `The endpoint has a filter and no delivery. The filter cannot be asked again: the content of the event was erased at ${timeOf(event.erasedAt)}.`;
    return { code: mismatch, message, advice: null, cause: 'erased', at: timeOf(event.erasedAt) };
  }
  if (mismatch === null) return { code: 'in_progress', message: 'The event is accepted, and its delivery is being prepared.' };
  const [message, advice] = reasons[mismatch];
  return { code: mismatch, message, advice };
}

const timeOf = (time: Date) => time.toISOString();
const lastSays = ({ lastOutcome, lastMessage }: ExplainedDelivery) => lastMessage ?? lastOutcome ?? 'no attempt was made';

/** By status. */
const tellers: Record<DeliveryStatus, (facts: Facts, delivery: ExplainedDelivery) => Told> = {
  succeeded: ({ endpoint }, delivery) =>
    delivery.takenAt
      ? {
          code: 'taken',
          at: timeOf(delivery.takenAt),
          message: `The consumer acknowledged the event at ${timeOf(delivery.takenAt)} in the list of missed events, so it is not sent any more.`,
        }
      : {
          code: 'delivered',
          message: `The endpoint accepted the event at attempt ${Math.max(1, delivery.attempts)}${ofRound(delivery)}: ${lastSays(delivery)}${hadToWait(endpoint)}.`,
        },
  pending: (facts, delivery) => {
    const isLater = delivery.nextAttemptAt !== null && delivery.nextAttemptAt > facts.now;
    return isLater && delivery.nextAttemptAt
      ? {
          code: 'in_progress',
          until: timeOf(delivery.nextAttemptAt),
          message: `The delivery is scheduled for ${timeOf(delivery.nextAttemptAt)}${ofRound(delivery)}.`,
        }
      : {
          code: 'in_progress',
          message: `The delivery is due, and its first attempt${ofRound(delivery)} is about to be made or in flight.`,
        };
  },
  retrying: (_, delivery) => ({
    code: 'retrying',
    until: delivery.nextAttemptAt && timeOf(delivery.nextAttemptAt),
    message: `Attempt ${delivery.attempts} failed (${lastSays(delivery)}); the next one is due${delivery.nextAttemptAt ? ` at ${timeOf(delivery.nextAttemptAt)}` : ' now'}.`,
    advice: adviceOn(delivery.lastOutcome),
  }),
  held: ({ endpoint, now }, delivery) => {
    const by = heldByOf(endpoint.holding, delivery, now);
    const { message, advice } = heldBySentence[by];
    const until = delivery.nextAttemptAt && delivery.nextAttemptAt > now ? timeOf(delivery.nextAttemptAt) : null;
    const failed = delivery.attempts > 0 ? `; attempt ${delivery.attempts} failed (${lastSays(delivery)})` : '';
    return {
      code: 'held',
      heldBy: by,
      until,
      message: `${message}${until ? `, until ${until} at least` : ''}${failed}.`,
      advice: advice ?? adviceOn(delivery.lastOutcome),
    };
  },
  dead_lettered: (_, delivery) => ({
    code: 'dead_lettered',
    message: `${delivery.attempts > 1 ? `All ${delivery.attempts} attempts failed, the last one with` : 'The attempt failed, and no other follows'}: ${lastSays(delivery)}.`,
    advice: `${adviceOn(delivery.lastOutcome) ?? 'Find out why the endpoint refuses the event.'} Then replay the delivery.`,
  }),
  quarantined: (_, delivery) => ({
    code: 'quarantined',
    message: `The attempts failed inside Posthorn: ${lastSays(delivery)}.`,
    advice: 'The operator has to remove the cause, and then release the delivery.',
  }),
  cancelled,
  expired: ({ event }, delivery) => ({
    code: 'expired',
    at: event.expiresAt && timeOf(event.expiresAt),
    message: `The event expired${event.expiresAt ? ` at ${timeOf(event.expiresAt)}` : ''} before the endpoint accepted it: ${lastSays(delivery)}.`,
    advice: adviceOn(delivery.lastOutcome),
  }),
};

function cancelled({ event, endpoint, cancelledBy }: Facts, delivery: ExplainedDelivery): Told {
  const code = 'cancelled';
  if (cancelledBy) {
    const { actor: by, at } = cancelledBy;
    return { code, cause: 'command', by, at, message: `${nameOf(by)} cancelled the delivery at ${at}.` };
  }
  if (delivery.coalesced) return { code, cause: 'coalesced', message: 'A later event with the same coalesceKey was sent in its place.' };
  const since = (time: Date | null) => (time !== null && delivery.updatedAt >= time ? timeOf(time) : null);
  const [recalledAt, erasedAt, deletedAt] = [since(event.recalledAt), since(event.erasedAt), since(endpoint.deletedAt)];
  if (recalledAt) {
    return {
      code,
      cause: 'recalled',
      at: recalledAt,
      message: `The event was recalled at ${recalledAt}, before the endpoint accepted it.`,
    };
  }
  if (erasedAt) {
    const message = `The content of the event was erased at ${erasedAt}, before the endpoint accepted it.`;
    return { code, cause: 'erased', at: erasedAt, message };
  }
  if (deletedAt) {
    return { code: 'endpoint_deleted', at: deletedAt, message: `The endpoint was deleted at ${deletedAt}, before it accepted the event.` };
  }
  const at = timeOf(delivery.updatedAt);
  return { code, at, message: `The delivery was cancelled at ${at}.` };
}

const actors: Record<AuditActor['kind'], string> = {
  bootstrap: 'The key from the configuration',
  api_key: 'API key',
  portal_link: 'Portal link',
  session: 'Session',
  temporal: 'A command through Temporal, workflow',
  cli: 'The command line',
  system: 'Posthorn',
};

function nameOf({ kind, id, name }: AuditActor): string {
  return id === null ? actors[kind] : `${actors[kind]} ${id}${name === undefined ? '' : ` of ${name}`}`;
}

const ofRound = ({ round }: ExplainedDelivery) => (round > 1 ? ` of round ${round}` : '');

/** What kept the endpoint from receiving when the event was accepted; null: nothing. */
function gateThen({ gateThen: gate, gateReasonThen: reason }: ExplainedEndpoint): ExplainedFacts['waitedFor'] {
  if (gate === 'open') return null;
  return gate === 'disabled' ? 'disabled' : reason === 'unverified' ? 'unverified' : 'paused';
}

/** An event that was accepted while the endpoint was paused or disabled had to wait for it. */
function hadToWait(endpoint: ExplainedEndpoint): string {
  const state = gateThen(endpoint);
  return state ? `; it waited, because the endpoint was ${state} when the event was accepted` : '';
}
