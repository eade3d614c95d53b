// What became of an event at an endpoint, as the API explains it, and the stored facts that this is decided from.
import { z } from 'zod';
import { type AuditActor, auditActor } from '../access/audit.ts';
import { type DeliveryStatus, deliveryStatus } from '../deliveries/delivery.ts';
import { type Mismatch, mismatches } from '../events/matching.ts';
import { type HoldingFacts, heldBy } from './held-by.ts';

export const explanationCodes = [
  'delivered',
  'taken',
  'in_progress',
  'retrying',
  'held',
  'dead_lettered',
  'quarantined',
  'cancelled',
  'expired',
  ...mismatches,
] as const;

/** What a sentence needs that no other field has, for programs that write it in another language. */
const explainedFacts = z
  .object({
    attempts: z.int().nullable().describe('attempts made in this round; null: there is no delivery'),
    round: z.int().nullable().describe('run through the retry schedule; null: there is no delivery'),
    lastStatus: z.int().nullable().describe('HTTP status of the last answer in this round; null: there was none'),
    lastMessage: z.string().nullable().describe('what happened last in this round, in words'),
    waitedFor: z
      .enum(['paused', 'unverified', 'disabled'])
      .nullable()
      .describe('state of the endpoint when the event was accepted; null: it received events'),
    cause: z
      .enum(['command', 'coalesced', 'recalled', 'erased'])
      .nullable()
      .describe('why it was cancelled; erased also where the filter cannot be asked again; null: not cancelled, or not known'),
    by: auditActor.nullable().describe('who cancelled it with a command'),
    at: z.iso
      .datetime()
      .nullable()
      .describe('when it was acknowledged, cancelled, recalled or erased, when it expired, or when the endpoint was deleted'),
  })
  .describe('what the sentence is made of, to write it in another language');
export type ExplainedFacts = z.infer<typeof explainedFacts>;

export const explanation = z.object({
  endpoint: z.string(),
  host: z.string().describe('host of the endpoint, with its port unless it is the usual one'),
  delivery: z.string().nullable().describe('id of the delivery; null: there is none'),
  code: z
    .enum(explanationCodes)
    .describe(
      'why the endpoint did or did not get the event. taken: its consumer acknowledged it in the list of missed events; meant_for_another: a test event for another endpoint',
    ),
  message: z.string().describe('one sentence for people'),
  status: deliveryStatus.nullable().describe('status of the delivery; null: there is none'),
  until: z.iso.datetime().nullable().describe('when the next attempt is due; null: none is planned, or its time is not known'),
  heldBy: z.enum(heldBy).nullable().describe('which limit or state holds a held delivery; null: it is not held'),
  lastOutcome: z.string().nullable().describe('outcome of the last attempt; null: there was none'),
  advice: z.string().nullable().describe('what to do about it; null: nothing'),
  facts: explainedFacts,
});
export type Explanation = z.infer<typeof explanation>;

export interface ExplainedDelivery {
  id: string;
  status: DeliveryStatus;
  round: number;
  attempts: number;
  nextAttemptAt: Date | null;
  lastOutcome: string | null;
  lastMessage: string | null;
  updatedAt: Date;
  takenAt: Date | null;
  /** A later event with the same coalescing key was sent in its place. */
  coalesced: boolean;
}

export interface CancelledBy {
  actor: AuditActor;
  at: string;
}

export interface ExplainedEndpoint {
  endpointId: string;
  host: string;
  deletedAt: Date | null;
  /** Its gate when the event was accepted. */
  gateThen: HoldingFacts['gate'];
  gateReasonThen: string | null;
  holding: HoldingFacts;
}

export interface Facts {
  event: { recalledAt: Date | null; erasedAt: Date | null; expiresAt: Date | null };
  endpoint: ExplainedEndpoint;
  /** Only if there is no delivery. Null: the event is to be planned for it. */
  mismatch: Mismatch | null;
  delivery: ExplainedDelivery | null;
  /** Of a cancelled delivery, as far as the audit log tells. */
  cancelledBy: CancelledBy | null;
  now: Date;
}
