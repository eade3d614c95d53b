// The gauges of lanes and of what is held, asked of the store in one query at each scrape.
import { Gauge, type Registry } from '@prometheus-io/client';
import type { LaneFigures } from '#db/lanes/lane-figures';
import type { Logger } from '#runtime/logger';
import { type StoreFacts, soon } from './telemetry-gauges.ts';

type Label = 'state' | 'endpoint' | 'reason';

export function watchLanes(registry: Registry, stores: Pick<StoreFacts, 'lanes'>, log: Logger): void {
  const ask = askedOnce(stores, log);
  const gauge = (name: string, help: string, labelNames: Label[], set: (gauge: Gauge<Label>, figures: LaneFigures) => void) =>
    new Gauge<Label>({
      name,
      help,
      labelNames,
      registers: [registry],
      async collect() {
        const figures = await ask();
        // no answer is no sample, and an endpoint that is not named any more must not stay
        this.reset();
        if (figures) set(this, figures);
        else if (labelNames.length === 0) this.remove();
      },
    });
  gauge('posthorn_lanes', 'Lanes of endpoints, by what they do.', ['state'], (one, { lanes }) => {
    for (const [state, count] of Object.entries(lanes)) one.set({ state }, count);
  });
  gauge('posthorn_held_deliveries', 'Deliveries that wait in lanes, of all processes; 100000 stands for more too.', [], (one, { held }) =>
    one.set(held),
  );
  gauge('posthorn_held_oldest_seconds', 'The age of the oldest of them; 0: none waits.', [], (one, { oldestHeldSeconds }) =>
    one.set(oldestHeldSeconds),
  );
  gauge('posthorn_endpoint_held', 'Deliveries that wait, of the 20 endpoints that hold most.', ['endpoint'], (one, { endpoints }) => {
    for (const { endpointId, held } of endpoints) one.set({ endpoint: endpointId }, held);
  });
  gauge(
    'posthorn_endpoint_held_oldest_seconds',
    'The age of the oldest delivery that waits, of each of them.',
    ['endpoint'],
    (one, { endpoints }) => {
      for (const { endpointId, oldestSeconds } of endpoints) one.set({ endpoint: endpointId }, oldestSeconds);
    },
  );
  gauge(
    'posthorn_endpoint_lane',
    '1 for what the lane of each of them does now, and why it sends nothing.',
    ['endpoint', 'state', 'reason'],
    (one, { endpoints }) => {
      for (const { endpointId, lane } of endpoints)
        if (lane) one.set({ endpoint: endpointId, state: lane.state, reason: lane.waitingFor ?? '' }, 1);
    },
  );
}

/** The gauges of one page share one answer; undefined: none in time. */
function askedOnce(stores: Pick<StoreFacts, 'lanes'>, log: Logger): () => Promise<LaneFigures | undefined> {
  let asking: Promise<LaneFigures | undefined> | undefined;
  return () => {
    asking ??= soon(stores.lanes())
      .catch((error): undefined => log.warn({ err: error, metric: 'posthorn_lanes' }, 'metrics.not_asked') as undefined)
      .finally(() => {
        asking = undefined;
      });
    return asking;
  };
}
