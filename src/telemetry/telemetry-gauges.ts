// The gauges of /metrics: what is asked of worker, API and stores at each scrape.
import { Gauge, type Registry } from '@prometheus-io/client';
import type { LaneFigures } from '#db/lanes/lane-figures';
import type { DispatchMode } from '#domain/dispatch-mode';
import type { Logger } from '#runtime/logger';

const patienceMs = 2_000;

/** Asked at each scrape. */
export interface WorkerFacts {
  relay(): { mode: DispatchMode; waiting: number };
  load(): { inFlight: number; unrecorded: number };
}

/** Asked at each scrape. */
export interface ServerFacts {
  refusing(): { all: boolean; tenants: number };
}

/** Asked at each scrape; one that rejects or takes longer than 2 s is left out of it. */
export interface StoreFacts {
  outboxEvents(): Promise<number>;
  temporalAway(): Promise<boolean>;
  lanes(): Promise<LaneFigures>;
}

export function watchWorker(registry: Registry, { relay, load }: WorkerFacts): void {
  const registers = [registry];
  new Gauge({
    name: 'posthorn_dispatch_mode',
    help: '1 for the way events leave this process now.',
    labelNames: ['mode'],
    registers,
    collect() {
      const { mode } = relay();
      for (const one of ['individual', 'batched']) this.set({ mode: one }, one === mode ? 1 : 0);
    },
  });
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  gauge('posthorn_relay_waiting', 'Events and first attempts that wait in the memory of this process.', () => relay().waiting);
  gauge('posthorn_requests_in_flight', 'Requests to endpoints under way in this process.', () => load().inFlight);
  gauge('posthorn_outcomes_unrecorded', 'Outcomes of requests that PostgreSQL does not have yet.', () => load().unrecorded);
}

export function watchServer(registry: Registry, { refusing }: ServerFacts): void {
  new Gauge({
    name: 'posthorn_refusing',
    help: 'Events are answered 429 because too many wait, as this process sees it: 1 for all; how many tenants.',
    labelNames: ['scope'],
    registers: [registry],
    collect() {
      const { all, tenants } = refusing();
      this.set({ scope: 'all' }, all ? 1 : 0);
      this.set({ scope: 'tenant' }, tenants);
    },
  });
}

export function watchStores(registry: Registry, { outboxEvents, temporalAway }: StoreFacts, log: Logger): void {
  const asked = (name: string, help: string, ask: () => Promise<number>) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        const value = await soon(ask()).catch((error) => log.warn({ err: error, metric: name }, 'metrics.not_asked'));
        // no answer is no sample: an old one would be taken for a new one
        if (typeof value !== 'number') this.remove();
        else this.set(value);
      },
    });
  asked('posthorn_temporal_away', '1 while Temporal does not answer this process.', async () => ((await temporalAway()) ? 1 : 0));
  asked(
    'posthorn_outbox_events',
    'Accepted events that no dispatch guards yet, of all processes; 10000 stands for more too.',
    outboxEvents,
  );
}

/** What it resolves to within 2 s; later, undefined. */
export async function soon<T>(asked: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, patienceMs, undefined);
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}
