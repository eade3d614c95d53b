// The gauges of lanes and held deliveries, read from the store with one query at each scrape.
import { Gauge, type Registry } from '@prometheus-io/client';
import type { LaneFigures } from '#db/lanes/lane-figures';
import type { Logger } from '#runtime/logger';
import { askedOnce } from './asked-once.ts';
import type { StoreFacts } from './telemetry-gauges.ts';

type Label = 'state' | 'endpoint' | 'reason';

export function watchLanes(registry: Registry, stores: Pick<StoreFacts, 'lanes'>, log: Logger): void {
  const ask = askedOnce(() => stores.lanes(), 'posthorn_lanes', log);
  const gauge = (name: string, help: string, labelNames: Label[], set: (gauge: Gauge<Label>, figures: LaneFigures) => void) =>
    new Gauge<Label>({
      name,
      help,
      labelNames,
      registers: [registry],
      async collect() {
        const figures = await ask();
        // without an answer there is no sample; an endpoint that is no longer in the list must disappear
        this.reset();
        if (figures) set(this, figures);
        else if (labelNames.length === 0) this.remove();
      },
    });
  gauge('posthorn_lanes', 'Lanes of endpoints, by state.', ['state'], (one, { lanes }) => {
    for (const [state, count] of Object.entries(lanes)) one.set({ state }, count);
  });
  gauge(
    'posthorn_held_deliveries',
    'Held deliveries that queue in lanes, of all processes; 100000 means 100000 or more.',
    [],
    (one, { held }) => one.set(held),
  );
  gauge('posthorn_held_oldest_seconds', 'Age of the oldest held delivery; 0 if there is none.', [], (one, { oldestHeldSeconds }) =>
    one.set(oldestHeldSeconds),
  );
  gauge('posthorn_endpoint_held', 'Held deliveries of the 20 endpoints that have the most.', ['endpoint'], (one, { endpoints }) => {
    for (const { endpointId, held } of endpoints) one.set({ endpoint: endpointId }, held);
  });
  gauge(
    'posthorn_endpoint_held_oldest_seconds',
    'Age of the oldest held delivery, for the 20 endpoints that have the most.',
    ['endpoint'],
    (one, { endpoints }) => {
      for (const { endpointId, oldestSeconds } of endpoints) one.set({ endpoint: endpointId }, oldestSeconds);
    },
  );
  gauge(
    'posthorn_endpoint_lane',
    '1 for the current lane state and the reason it sends nothing, for the 20 endpoints that have the most held deliveries.',
    ['endpoint', 'state', 'reason'],
    (one, { endpoints }) => {
      for (const { endpointId, lane } of endpoints)
        if (lane) one.set({ endpoint: endpointId, state: lane.state, reason: lane.waitingFor ?? '' }, 1);
    },
  );
}
