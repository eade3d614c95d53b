// The documentation for the consumers of one tenant, as data: what they receive, how to verify it, and what happens when they
// fail. Made from the catalogue and the configuration, so it says what this server does. Pure.
import { z } from 'zod';
import type { RetryPolicy } from '#domain/deliveries/retry-schedule';
import type { Signing } from '#domain/endpoints/signing';
import { standardBody } from '#domain/events/event';
import { takesType } from '#domain/events/subscription';
import { attemptTimes, attemptTimeView, outage, outageView } from './outages.ts';
import { answerCodes, rules } from './rules.ts';
import { signsWithSecret, stepCodes, stepsOf } from './steps.ts';
import { verification } from './verify/samples.ts';

const versionView = z.object({
  version: z.int(),
  schema: z.unknown().describe('JSON Schema 2020-12 of `data`; null: none'),
  example: z.unknown().describe('a body as endpoints receive it, with an example of the producer; null: there is none'),
});
const eventView = z.object({
  type: z.string(),
  group: z.string().nullable(),
  description: z.string(),
  subscribed: z.boolean().nullable().describe('whether the endpoint gets it; null: the document is for no endpoint'),
  deprecatedAt: z.string().nullable(),
  sunsetAt: z.string().nullable(),
  versions: z.array(versionView).describe('newest first'),
});
const named = z.object({ name: z.string(), meaning: z.string() });

export const consumerDocument = z
  .object({
    tenant: z.string(),
    endpoint: z.string().nullable().describe('the endpoint that it is for; null: it shows the usual settings'),
    generatedAt: z.iso.datetime(),
    version: z.string().describe('version of Posthorn'),
    events: z.array(eventView).describe('public event types of the catalogue; empty: the producer has described none'),
    request: z.object({
      method: z.literal('POST'),
      format: z.string().describe('form of the body, see docs/formats.md'),
      timeoutMs: z.int(),
      headers: z.array(named),
    }),
    signature: z.object({
      schemes: z.array(z.string()),
      toleranceSeconds: z.int(),
      publicKeysUrl: z.string().describe('the public keys of the tenant, for key pairs'),
      steps: z.array(z.string()),
      stepCodes: z
        .array(z.object({ code: z.enum(stepCodes), facts: z.record(z.string(), z.string()) }))
        .describe('the same steps, to write them in another language'),
      code: z.array(z.object({ language: z.string(), title: z.string(), file: z.string(), code: z.string() })),
    }),
    retries: z.object({
      jitterPercent: z.int(),
      attempts: z.array(attemptTimeView),
      outages: z.array(outageView).describe('what becomes of an event when the endpoint is down for so long'),
      simulate: z.string().describe('the address that answers for any other time'),
    }),
    answers: z.array(
      z.object({
        status: z.string(),
        code: z.enum(answerCodes).describe('to write the row in another language'),
        delivery: z.string(),
        endpoint: z.string(),
      }),
    ),
    addresses: z.object({ egressIps: z.array(z.string()), note: z.string() }),
    missed: z.object({ when: z.string(), list: z.string(), acknowledge: z.string() }),
  })
  .meta({ id: 'ConsumerDocumentation' });
export type ConsumerDocument = z.infer<typeof consumerDocument>;

export interface DocumentedType {
  name: string;
  group: string | null;
  description: string;
  deprecatedAt: string | null;
  sunsetAt: string | null;
  /** Lowest version first. */
  versions: { version: number; schema: unknown; examples: unknown[] }[];
}

/** What differs between endpoints. */
export interface DocumentedEndpoint {
  id: string;
  eventTypes: string[];
  format: string;
  signing: Signing | null;
  retry: RetryPolicy | null;
  timeoutMs: number;
}

export interface Documented {
  tenant: string;
  endpoint: DocumentedEndpoint | null;
  types: DocumentedType[];
  defaultRetry: RetryPolicy;
  origin: string;
  version: string;
  egressIps: string[];
  now: Date;
}

const usualTimeoutMs = 15_000;
const minute = 60_000;
const shownOutagesMs = [minute, 15 * minute, 60 * minute, 7 * 60 * minute, 24 * 60 * minute, 48 * 60 * minute];

export function documentFor({ tenant, endpoint, types, defaultRetry, origin, version, egressIps, now }: Documented): ConsumerDocument {
  const policy = endpoint?.retry ?? defaultRetry;
  const timeoutMs = endpoint?.timeoutMs ?? usualTimeoutMs;
  const signing = endpoint?.signing ?? null;
  const id = endpoint?.id ?? '{endpoint}';
  const steps = stepsOf(signing);
  return {
    tenant,
    endpoint: endpoint?.id ?? null,
    generatedAt: now.toISOString(),
    version,
    events: types.map((type) => eventOf(type, endpoint, now)),
    request: { method: 'POST', format: endpoint?.format ?? 'standard', timeoutMs, headers: rules.headers },
    signature: {
      schemes: schemesOf(signing),
      toleranceSeconds: 300,
      publicKeysUrl: `${origin}/.well-known/tenants/${encodeURIComponent(tenant)}/jwks.json`,
      steps: steps.map(({ text }) => text),
      stepCodes: steps.map(({ code, facts }) => ({ code, facts })),
      code: signsWithSecret(signing) ? verification : [],
    },
    retries: {
      jitterPercent: 10,
      attempts: attemptTimes(policy, timeoutMs),
      outages: shownOutagesMs.map((downForMs) => outage(policy, { downForMs, acceptedAfterMs: 0, timeoutMs, retryAfterMs: 0 })),
      simulate: endpoint
        ? `${origin}/v1/endpoints/${id}/retry-schedule/simulate?downFor=7h`
        : `${origin}/v1/retry-schedule/simulate?downFor=7h`,
    },
    answers: rules.answers,
    addresses: { egressIps, note: rules.addresses },
    missed: {
      when: rules.missed,
      list: `GET ${origin}/v1/endpoints/${id}/missed?include=body`,
      acknowledge: `POST ${origin}/v1/endpoints/${id}/missed/ack`,
    },
  };
}

function eventOf(type: DocumentedType, endpoint: DocumentedEndpoint | null, now: Date): ConsumerDocument['events'][number] {
  const { name, group, description, deprecatedAt, sunsetAt, versions } = type;
  return {
    type: name,
    group,
    description,
    subscribed: endpoint && takesType(endpoint, name),
    deprecatedAt,
    sunsetAt,
    versions: versions.toReversed().map(({ version, schema, examples: [example] }) => ({
      version,
      schema: schema ?? null,
      example: example === undefined ? null : JSON.parse(standardBody(name, now.toISOString(), JSON.stringify(example))),
    })),
  };
}

/** As an endpoint's `signing` has them. */
function schemesOf(signing: Signing | null): string[] {
  if (signing === null) return ['v1'];
  const { schemes, custom, messageSignatures } = signing;
  return [
    ...schemes,
    ...(custom ? [`custom: ${custom.header}`] : []),
    ...(messageSignatures ? [`RFC 9421: ${messageSignatures.algorithm}`] : []),
  ];
}
