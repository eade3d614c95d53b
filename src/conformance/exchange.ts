// Sends the requests of a conformance run. They are built and signed as those of deliveries, and
// marked as tests (`posthorn-test`, an id that begins with `test_`). Nothing is recorded: no
// delivery, no attempt, no failure count, no Retry-After.
import { type BatchElement, buildRequest, type SignedJob } from '#attempts/request';
import { type Probe, receipts } from '#domain/conformance/conformance';
import type { SendResult } from '#domain/deliveries/outcome';
import { signingHeaders } from '#domain/endpoints/signing';
import { standardBody, testId } from '#domain/events/event';
import { deliveryId, uuidOf } from '#domain/ids';
import type { Sender } from '#outbound/send';
import { newId } from '#runtime/new-id';
import { type ConformanceTarget, type SignedBy, signersOf } from './target.ts';

/** An event of the run. Sent twice, it has the same id and the same bytes. */
export interface Message {
  eventId: string;
  webhookId: string;
  type: string;
  /** The time in the body, Unix milliseconds. */
  occurredMs: number;
  /** The JSON text of `data`. */
  dataText: string;
}

export interface Sending {
  what: string;
  expected: Probe['expected'];
  message: Message;
  /** The number of the attempt. Default: 1. */
  attempt?: number;
  /** The run through the retry schedule; from 2 on it is a replay. Default: 1. */
  round?: number;
  /** How far the signed time is from now, in milliseconds. Default: 0. */
  timeOffsetMs?: number;
  /** Default: real. */
  signedBy?: SignedBy;
  /** unsigned: without its signature headers. other_body: with another body than the signed one. */
  tampering?: 'unsigned' | 'other_body';
}

export interface ExchangeDeps {
  sender: Pick<Sender, 'send'>;
  /** Aborts what is in flight when the time of the run is over. */
  signal: AbortSignal;
}

/** In the answers of a receiver that says what it did with the request, such as `@posthorn/receiver`. */
const receiptHeader = 'posthorn-receipt';

export function newMessage(type: string, dataText: string, occurredMs = Date.now()): Message {
  const eventId = newId('evt');
  return { eventId, webhookId: testId(uuidOf(eventId)), type, dataText, occurredMs };
}

/** Never rejects: what could not be sent is a probe with the outcome `not_sent`. */
export async function exchange({ sender, signal }: ExchangeDeps, target: ConformanceTarget, sending: Sending): Promise<Probe> {
  const { what, expected, message } = sending;
  const startedMs = performance.now();
  const shown = { what, expected, webhookId: message.webhookId };
  try {
    const result = await sender.send({ ...requestOf(target, sending), signal });
    return { ...shown, ...answerOf(result) };
  } catch (error) {
    const why = signal.aborted ? 'the time of the run was over' : error instanceof Error ? error.message : String(error);
    const tookMs = Math.round(performance.now() - startedMs);
    return { ...shown, outcome: 'not_sent', status: null, receipt: null, tookMs, message: why };
  }
}

function answerOf({ outcome, response, timings, message }: SendResult): Omit<Probe, 'what' | 'expected' | 'webhookId'> {
  const receipt = response?.headers.find(([name]) => name.toLowerCase() === receiptHeader)?.[1];
  return {
    outcome,
    status: response?.statusCode ?? null,
    receipt: receipts.find((one) => one === receipt) ?? null,
    tookMs: Math.round(timings.totalMs),
    message,
  };
}

function requestOf(
  target: ConformanceTarget,
  { message, attempt = 1, round = 1, timeOffsetMs = 0, signedBy = 'real', tampering }: Sending,
) {
  const nowMs = Date.now() + timeOffsetMs;
  const built = buildRequest(jobOf(target, message, round, signedBy), attempt, nowMs);
  if (tampering === 'unsigned') return { ...built, headers: withoutSignatures(built.headers, target) };
  if (tampering !== 'other_body') return built;
  // other data might not fit the shape
  if (target.shape) return { ...built, body: Buffer.concat([built.body, Buffer.from(' ')]) };
  const other = { ...message, dataText: '{"forged":true}' };
  return { ...built, body: buildRequest(jobOf(target, other, round, signedBy), attempt, nowMs).body };
}

function withoutSignatures(headers: Record<string, string>, { signing }: ConformanceTarget): Record<string, string> {
  const names = new Set(['webhook-signature', ...(signing ? signingHeaders(signing).map(({ header }) => header) : [])]);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.has(name.toLowerCase())));
}

function jobOf(target: ConformanceTarget, message: Message, round: number, signedBy: SignedBy): SignedJob {
  const { type, occurredMs, dataText, webhookId, eventId } = message;
  const { endpointId, tenantId, signing, timeoutMs, shape } = target;
  const format = shape?.isWhole ? 'standard' : target.format;
  const accepted = standardBody(type, new Date(occurredMs).toISOString(), dataText);
  const body = Buffer.from(shape ? shape.shapeBody({ id: webhookId, version: null, body: accepted }) : accepted);
  // no sequence number: the receiver may compare it with those of real events, and take a later one for a duplicate
  const element: BatchElement = { id: webhookId, sequence: null, round, body };
  return {
    endpointId: endpointId ?? '',
    tenantId,
    deliveryId: endpointId === null ? '' : deliveryId(eventId, endpointId),
    webhookId: target.isBatched ? `bat_${uuidOf(eventId)}` : webhookId,
    body,
    target: target.target,
    format,
    signing,
    timeoutMs,
    round,
    batch: target.isBatched ? [element] : undefined,
    ...signersOf(target, signedBy),
  };
}
