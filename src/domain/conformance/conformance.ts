// Conformance run of an endpoint: the request that starts it, and the report of its cases.
import { z } from 'zod';
import { outcomes } from '../deliveries/outcome.ts';
import { eventTypeName } from '../events/event-type.ts';

export const caseNames = [
  'bad_signature',
  'stale_time',
  'duplicate',
  'reorder',
  'slow',
  'large',
  'unknown_type',
  'rotation',
  'replay',
] as const;
export const caseName = z.enum(caseNames);
export type CaseName = (typeof caseNames)[number];

/** The longest answer time that passes `slow` by default, in milliseconds. */
export const usualMaxAnswerMs = 5_000;

export const conformanceRequest = z.strictObject({
  eventType: eventTypeName
    .optional()
    .describe('an event type that the receiver knows; by default the first exact type that the endpoint subscribes to'),
  data: z
    .unknown()
    .optional()
    .describe(
      '`data` of these events, as the receiver expects it for this type; by default the first example of the type in the catalogue, else {}',
    ),
  cases: z.array(caseName).min(1).max(caseNames.length).optional().describe('only these cases; by default all of them'),
  maxAnswerMs: z
    .int()
    .min(100)
    .max(30_000)
    .optional()
    .describe(`the case slow fails when an answer takes longer; ${usualMaxAnswerMs} by default`),
});

export const verdicts = ['passed', 'warned', 'failed', 'not_judged'] as const;
export type Verdict = (typeof verdicts)[number];

/** `receipt`: what the receiver says it did, if it says so. */
const evidences = ['status', 'time', 'receipt'] as const;
export type Evidence = (typeof evidences)[number];

export const receipts = ['new', 'duplicate', 'replay'] as const;

const probe = z.object({
  what: z.string().describe('what was sent'),
  webhookId: z.string(),
  expected: z.enum(['accept', 'refuse']).describe('accept: a status from 200 to 299; refuse: a status from 400 to 499'),
  outcome: z.enum([...outcomes, 'not_sent']).describe('as the outcome of an attempt; not_sent: Posthorn could not send it'),
  status: z.int().nullable().describe('status of the answer; null: there was no answer'),
  receipt: z
    .enum(receipts)
    .nullable()
    .describe('what the receiver says it did with the request, by the header `posthorn-receipt` of its answer; null: it says nothing'),
  tookMs: z.int(),
  message: z.string(),
});
export type Probe = z.infer<typeof probe>;

const judged = {
  verdict: z.enum(verdicts).describe('warned: acceptable, with a remark; not_judged: nothing can be said, see `reason`'),
  judgedBy: z.array(z.enum(evidences)).describe('what the verdict relies on'),
  reason: z.string(),
  advice: z.string().nullable().describe('what to change in the receiver; null: nothing'),
  requests: z.array(probe),
};

export const conformanceCase = z.object({ case: caseName, ...judged });
export type ConformanceCase = z.infer<typeof conformanceCase>;

const control = z.object(judged).describe('one correct request, sent first. Unless it is accepted, no case is judged');
export type Control = z.infer<typeof control>;

export const conformanceReport = z.object({
  endpoint: z.string().nullable().describe('the endpoint; null: the run was made by the command line, without an endpoint'),
  passed: z.boolean().describe('the correct request was accepted, and no case failed'),
  score: z
    .int()
    .min(0)
    .max(100)
    .describe('100: every judged case passed. A warned case counts half. 0 when the correct request was not accepted'),
  eventType: z.string(),
  control,
  cases: z.array(conformanceCase),
  startedAt: z.iso.datetime(),
  tookMs: z.int(),
});
export type ConformanceReport = z.infer<typeof conformanceReport>;
