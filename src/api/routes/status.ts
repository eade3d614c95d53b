// GET /v1/status: how events leave now and what waits, of all workers on this store, whichever process answers.
import { z } from 'zod';
import { countOutbox } from '#db/events/backlog';
import { listRelays, type SeenRelay } from '#db/events/relays';
import { readLaneFigures } from '#db/lanes/lane-figures';
import { answer, type Route, route } from '../http/route.ts';
import type { ApiDeps } from './deps.ts';

const mode = z.enum(['individual', 'batched']);
const relay = z.object({
  id: z.string(),
  process: z.string().describe('host and process id'),
  mode,
  waiting: z.int().describe('events and first attempts in its memory'),
  startedAt: z.iso.datetime(),
  seenAt: z.iso.datetime(),
});
const status = z.object({
  dispatch: z
    .enum([...mode.options, 'mixed'])
    .nullable()
    .describe('the way events leave; mixed: not the same in all workers; null: no worker runs'),
  waiting: z
    .object({ events: z.int(), atLeast: z.literal(true).optional().describe('they are more') })
    .describe('accepted events that no dispatch guards yet'),
  held: z
    .object({ deliveries: z.int(), atLeast: z.literal(true).optional().describe('they are more') })
    .describe('deliveries that wait in lanes of endpoints; 100,000 are counted at most'),
  lanes: z
    .object({ awake: z.int(), idle: z.int(), shut: z.int() })
    .describe('how many lanes send, wait for deliveries, or wait for their time or a change'),
  refusing: z
    .object({ all: z.boolean().describe('events of everybody'), tenants: z.int().describe('how many tenants') })
    .describe('events answered 429 because too many wait, as the answering process sees it; others may have counted earlier or later'),
  relays: z.array(relay).describe('one for each worker seen in the last 5 s'),
});

export function statusRoutes({ db, refusing }: ApiDeps): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/status',
      operationId: 'getStatus',
      summary: 'Says how events leave now, what waits, and which workers run',
      scope: 'admin',
      allTenants: true,
      answers: { 200: { description: 'as of now', schema: status } },
      async handler() {
        const [waiting, relays, { held, heldIsMore, lanes }] = await Promise.all([countOutbox(db), listRelays(db), readLaneFigures(db)]);
        return answer(200, {
          dispatch: modeOf(relays),
          waiting: { events: waiting.events, ...(waiting.atLeast && { atLeast: true }) },
          held: { deliveries: held, ...(heldIsMore && { atLeast: true }) },
          lanes,
          refusing: refusing(),
          relays,
        });
      },
    }),
  ];
}

function modeOf(relays: SeenRelay[]): z.infer<typeof status>['dispatch'] {
  const modes = new Set(relays.map((one) => one.mode));
  const [first = null] = modes;
  return modes.size > 1 ? 'mixed' : first;
}
