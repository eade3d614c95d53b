// How the installation is doing, as the API shows it.
import { z } from 'zod';
import { tenantKey } from '../endpoints/tenant.ts';
import { laneStates, laneWait } from '../lanes/lane.ts';

const mode = z.enum(['individual', 'batched']);
const relay = z.object({
  id: z.string(),
  process: z.string().describe('Host name and process id.'),
  mode,
  waiting: z.int().describe('Events and first attempts in its memory.'),
  temporalError: z.string().nullable().describe('Why it cannot use Temporal at the moment, in the words of Temporal. null: it can.'),
  startedAt: z.iso.datetime(),
  seenAt: z.iso.datetime(),
});

const atLeast = z.literal(true).optional().describe('Present: there are more than counted.');
const latencyMs = z
  .number()
  .nullable()
  .describe('How long it took to answer a small question just now, in milliseconds. null: it did not answer.');

const holding = z.object({
  endpoint: z.string().describe('id of the endpoint'),
  tenant: tenantKey,
  url: z.string(),
  held: z.int(),
  oldestSeconds: z.number().describe('Age of its oldest held delivery.'),
  state: z.enum(laneStates).nullable().describe('State of its lane. null: it has none yet.'),
  waitingFor: laneWait.nullable().describe('Why its lane sends nothing now. null: it sends.'),
});

export const installationStatus = z
  .object({
    version: z.string().describe('The version of Posthorn that answers.'),
    dispatch: z
      .enum([...mode.options, 'mixed'])
      .nullable()
      .describe(
        'individual: a workflow for every delivery. batched: first attempts before the workflow. mixed: workers differ at the moment. null: no worker runs.',
      ),
    waiting: z
      .object({
        events: z.int(),
        atLeast,
        oldestAt: z.iso.datetime().nullable().describe('When the oldest of them was accepted. null: none waits.'),
      })
      .describe('Accepted events in the outbox, not yet dispatched.'),
    held: z.object({ deliveries: z.int(), atLeast }).describe('Deliveries held in lanes, counted up to 100,000.'),
    lanes: z
      .object({ awake: z.int(), idle: z.int(), blocked: z.int() })
      .describe('Numbers of lanes. awake: sending. idle: waiting for deliveries. blocked: waiting for a time or a change.'),
    holding: z.array(holding).describe('The endpoints with the most held deliveries, at most 20.'),
    refusing: z
      .object({
        all: z.boolean().describe('Whether the events of all tenants are refused.'),
        tenants: z.int().describe('The number of single tenants whose events are refused.'),
      })
      .describe(
        'Backpressure: events answered 429 because too many are waiting, as the answering process sees it. Other processes can differ for a short time.',
      ),
    workers: z.int().describe('The number of workers seen in the last 5 seconds.'),
    warnings: z
      .array(z.object({ code: z.enum(['no_worker', 'temporal_away']), message: z.string() }))
      .describe('What keeps deliveries from being made. no_worker: none runs. temporal_away: a worker cannot use Temporal.'),
    relays: z.array(relay).describe('The workers seen in the last 5 seconds.'),
    postgres: z
      .object({
        latencyMs,
        version: z.string(),
        connections: z.int().describe('Connections in use on the whole server.'),
        maxConnections: z.int().describe('Connections that Posthorn may have.'),
      })
      .describe('PostgreSQL. While it is away, this operation answers 503.'),
    temporal: z
      .object({
        latencyMs,
        error: z.string().nullable().describe('What is wrong with it for the answering process or a worker. null: nothing.'),
        namespace: z.string(),
        webUi: z.string().nullable().describe('Address of the Temporal Web UI. null: none is configured.'),
      })
      .describe('Temporal, as the answering process sees it.'),
  })
  .meta({ id: 'InstallationStatus' });
export type InstallationStatus = z.infer<typeof installationStatus>;
