// GET /v1/status: dispatch mode, backlog, workers and stores of the whole installation, whichever process
// answers.
import { version } from '#config/package';
import { readEndpoints } from '#db/endpoints/endpoints';
import { countOutbox, oldestInOutbox } from '#db/events/backlog';
import { listRelays, type SeenRelay } from '#db/events/relays';
import { type LaneFigures, readLaneFigures } from '#db/lanes/lane-figures';
import { readServerFacts } from '#db/store/server-facts';
import { type InstallationStatus, installationStatus } from '#domain/views/status-view';
import { statusExample } from '../../examples/status.ts';
import { answer, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';
import { showEndpoint } from '../endpoints/show-endpoint.ts';
import { noWorkerText } from '../health.ts';

export function statusRoutes(deps: ApiDeps): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/status',
      operationId: 'getStatus',
      summary: 'Read the status of the installation',
      description: 'How events are dispatched, how many wait or are held, which workers run, and how PostgreSQL and Temporal answer.',
      scope: 'endpoints:read',
      allTenants: true,
      answers: { 200: { description: 'The current status.', schema: installationStatus, example: statusExample } },
      handler: async () => answer(200, await readStatus(deps)),
    }),
  ];
}

async function readStatus(deps: ApiDeps): Promise<InstallationStatus> {
  const { db, refusing, temporalHealth, temporalNamespace, temporalUiUrl } = deps;
  const [waiting, oldestAt, relays, figures, postgres, temporal] = await Promise.all([
    countOutbox(db),
    oldestInOutbox(db),
    listRelays(db),
    readLaneFigures(db),
    readPostgres(deps),
    temporalHealth(),
  ]);
  return {
    version,
    dispatch: modeOf(relays),
    waiting: { events: waiting.events, ...(waiting.atLeast && { atLeast: true }), oldestAt: oldestAt?.toISOString() ?? null },
    held: { deliveries: figures.held, ...(figures.heldIsMore && { atLeast: true }) },
    lanes: figures.lanes,
    holding: await holdingOf(deps, figures),
    refusing: refusing(),
    workers: relays.length,
    warnings: warningsOf(relays),
    relays,
    postgres,
    temporal: { ...temporal, namespace: temporalNamespace, webUi: temporalUiUrl },
  };
}

async function readPostgres({ db }: ApiDeps): Promise<InstallationStatus['postgres']> {
  const { version, connections, maxConnections } = await readServerFacts(db);
  const beganAt = performance.now();
  await db.query('select 1');
  return { latencyMs: rounded(performance.now() - beganAt), version, connections, maxConnections };
}

async function holdingOf(deps: ApiDeps, { endpoints }: LaneFigures): Promise<InstallationStatus['holding']> {
  const stored = await readEndpoints(
    deps.db,
    endpoints.map(({ endpointId }) => endpointId),
  );
  return endpoints.flatMap(({ endpointId, held, oldestSeconds, lane }) => {
    const endpoint = stored.get(endpointId);
    if (!endpoint) return [];
    const { tenant, url } = showEndpoint(deps, endpoint);
    return [{ endpoint: endpointId, tenant, url, held, oldestSeconds, state: lane?.state ?? null, waitingFor: lane?.waitingFor ?? null }];
  });
}

const rounded = (ms: number) => Math.round(ms * 10) / 10;

function warningsOf(relays: SeenRelay[]): InstallationStatus['warnings'] {
  if (relays.length === 0) return [{ code: 'no_worker', message: noWorkerText }];
  const errors = new Set(relays.flatMap(({ temporalError }) => temporalError ?? []));
  return [...errors].map((error) => ({
    code: 'temporal_away',
    message: `A worker cannot use Temporal: ${error}. First attempts are made; retries and replays wait.`,
  }));
}

function modeOf(relays: SeenRelay[]): InstallationStatus['dispatch'] {
  const modes = new Set(relays.map((one) => one.mode));
  const [first = null] = modes;
  return modes.size > 1 ? 'mixed' : first;
}
