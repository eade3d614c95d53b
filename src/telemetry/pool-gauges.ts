// The gauges of the PostgreSQL connections of this process, read at each scrape.
import { Gauge, type Registry } from '@prometheus-io/client';

export interface PoolUse {
  /** Open connections, and those of them that no query uses. */
  open: number;
  idle: number;
  most: number;
}

export interface ShareUse {
  used: number;
  waiting: number;
  most: number;
}

/** Called at each scrape. */
export interface PoolFacts {
  pool(): PoolUse;
  /** By kind of work. */
  shares(): Record<string, ShareUse>;
}

export function watchPool(registry: Registry, { pool, shares }: PoolFacts): void {
  const registers = [registry];
  new Gauge({
    name: 'posthorn_postgres_connections',
    help: 'Connections to PostgreSQL that are open; busy: a query uses them.',
    labelNames: ['state'],
    registers,
    collect() {
      const { open, idle } = pool();
      this.set({ state: 'busy' }, open - idle);
      this.set({ state: 'idle' }, idle);
    },
  });
  new Gauge({
    name: 'posthorn_postgres_connections_max',
    help: 'Connections to PostgreSQL that may be open.',
    registers,
    collect() {
      this.set(pool().most);
    },
  });
  const ofShares = (name: string, help: string, value: (share: ShareUse) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['share'],
      registers,
      collect() {
        for (const [share, use] of Object.entries(shares())) this.set({ share }, value(use));
      },
    });
  ofShares('posthorn_postgres_share_used', 'Connections in use, by kind of work.', ({ used }) => used);
  ofShares('posthorn_postgres_share_max', 'Connections that a kind of work may use at once.', ({ most }) => most);
  ofShares('posthorn_postgres_share_waiting', 'Queries that wait for a connection of their kind of work.', ({ waiting }) => waiting);
}
