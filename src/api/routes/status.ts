// GET /v1/status: dispatch mode, backlog and workers of the whole installation, whichever process
// answers.
import { z } from 'zod';
import { countOutbox } from '#db/events/backlog';
import { listRelays, type SeenRelay } from '#db/events/relays';
import { readLaneFigures } from '#db/lanes/lane-figures';
import { answer, type Route, route } from '../http/route.ts';
import type { ApiDeps } from './deps.ts';
import { noWorkerText } from './health.ts';

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
const status = z
  .object({
    dispatch: z
      .enum([...mode.options, 'mixed'])
      .nullable()
      .describe(
        'individual: a workflow for every delivery. batched: first attempts before the workflow. mixed: workers differ at the moment. null: no worker runs.',
      ),
    waiting: z
      .object({ events: z.int(), atLeast: z.literal(true).optional().describe('Present: there are more than counted.') })
      .describe('Accepted events in the outbox, not yet dispatched.'),
    held: z
      .object({ deliveries: z.int(), atLeast: z.literal(true).optional().describe('Present: there are more than counted.') })
      .describe('Deliveries held in lanes, counted up to 100,000.'),
    lanes: z
      .object({ awake: z.int(), idle: z.int(), blocked: z.int() })
      .describe('Numbers of lanes. awake: sending. idle: waiting for deliveries. blocked: waiting for a time or a change.'),
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
  })
  .meta({ id: 'InstallationStatus' });

const example: z.infer<typeof status> = {
  dispatch: 'individual',
  waiting: { events: 3 },
  held: { deliveries: 42 },
  lanes: { awake: 1, idle: 0, blocked: 2 },
  refusing: { all: false, tenants: 0 },
  workers: 1,
  warnings: [],
  relays: [
    {
      id: 'rly_019cab6f10b87e24b7c05d92a1f3e846',
      process: 'worker-1 4711',
      mode: 'individual',
      waiting: 3,
      temporalError: null,
      startedAt: '2026-03-02T06:50:04.536Z',
      seenAt: '2026-03-02T10:02:30.871Z',
    },
  ],
};

export function statusRoutes({ db, refusing }: ApiDeps): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/status',
      operationId: 'getStatus',
      summary: 'Read the status of the installation',
      description: 'How events are dispatched, how many wait or are held, and which workers run.',
      scope: 'admin',
      allTenants: true,
      answers: { 200: { description: 'The current status.', schema: status, example } },
      async handler() {
        const [waiting, relays, { held, heldIsMore, lanes }] = await Promise.all([countOutbox(db), listRelays(db), readLaneFigures(db)]);
        return answer(200, {
          dispatch: modeOf(relays),
          waiting: { events: waiting.events, ...(waiting.atLeast && { atLeast: true }) },
          held: { deliveries: held, ...(heldIsMore && { atLeast: true }) },
          lanes,
          refusing: refusing(),
          workers: relays.length,
          warnings: warningsOf(relays),
          relays,
        });
      },
    }),
  ];
}

function warningsOf(relays: SeenRelay[]): z.infer<typeof status>['warnings'] {
  if (relays.length === 0) return [{ code: 'no_worker', message: noWorkerText }];
  const errors = new Set(relays.flatMap(({ temporalError }) => temporalError ?? []));
  return [...errors].map((error) => ({
    code: 'temporal_away',
    message: `A worker cannot use Temporal: ${error}. First attempts are made; retries and replays wait.`,
  }));
}

function modeOf(relays: SeenRelay[]): z.infer<typeof status>['dispatch'] {
  const modes = new Set(relays.map((one) => one.mode));
  const [first = null] = modes;
  return modes.size > 1 ? 'mixed' : first;
}
