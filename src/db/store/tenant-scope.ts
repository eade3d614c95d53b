// Row-level security: in a tenant's scope every statement runs as a role that sees only that
// tenant's rows (docs/decisions/0014).
import { AsyncLocalStorage } from 'node:async_hooks';
import pg from 'pg';
import { uuidOf } from '#domain/ids';
import { type Db, inTransaction } from './pool.ts';

export interface TenantScope {
  /** `tnt_…` */
  tenantId: string;
  /** True: PostgreSQL refuses every change. */
  readOnly: boolean;
}

declare const scoped: unique symbol;
/** A distinct type, so that no other Db can be passed in its place by mistake. */
export type ScopedDb = Db & { readonly [scoped]: true };

const scopes = new AsyncLocalStorage<TenantScope>();

/** Runs `work` in the tenant's scope: every statement on a scoped Db, also a later one that `work` starts. */
export function asTenant<T>(scope: TenantScope, work: () => T): T {
  return scopes.run(scope, work);
}

/** The id of the tenant in whose scope this runs; null: outside any scope. */
export function scopedTenant(): string | null {
  return scopes.getStore()?.tenantId ?? null;
}

/**
 * Binds statements to the current scope; outside any scope it is the pool itself. Role and tenant are set for one
 * transaction at a time, so the next request that gets the connection inherits nothing, also with a transaction pooler.
 * PostgreSQL acknowledges both before the statement is sent. A statement that cannot be bound never runs with the
 * rights of the tables' owner.
 */
export function scopedDb(pool: Db): ScopedDb {
  const query = (...args: unknown[]) => {
    const scope = scopes.getStore();
    if (!scope) return send(pool, args);
    const bound = { query: pool.query, connect: async () => boundClient(await pool.connect(), scope) } as Db;
    return inTransaction(bound, (client) => send(client, args));
  };
  const connect = async () => {
    const scope = scopes.getStore();
    const client = await pool.connect();
    return scope ? boundClient(client, scope) : client;
  };
  return { query, connect } as ScopedDb;
}

/** A client that begins its transactions in the tenant's scope and runs no statement outside one. */
function boundClient(client: pg.PoolClient, scope: TenantScope): pg.PoolClient {
  let bound = false;
  const query = async (...args: unknown[]) => {
    const [text] = args;
    if (text === 'begin') {
      await client.query(beginning(scope));
      bound = true;
      return;
    }
    if (!bound && text !== 'rollback') throw new Error('a tenant statement was sent outside a transaction');
    if (text === 'commit' || text === 'rollback') bound = false;
    return send(client, args.map(ownName));
  };
  return Object.create(client, { query: { value: query } });
}

// one message: after a failure the server runs nothing of the rest
function beginning({ tenantId, readOnly }: TenantScope): string {
  const tenant = pg.escapeLiteral(uuidOf(tenantId));
  return `begin ${readOnly ? 'read only' : 'read write'}; select set_config('role', tenant_role(), true), set_config('posthorn.tenant', ${tenant}, true)`;
}

/** A prepared statement is planned again when the role changes. A name for each role avoids that. */
function ownName(arg: unknown): unknown {
  const { name } = (arg ?? {}) as { name?: unknown };
  return typeof name === 'string' ? { ...(arg as object), name: `${name}/tenant` } : arg;
}

function send(db: Pick<Db, 'query'>, args: unknown[]): Promise<unknown> {
  return (db.query as (...args: unknown[]) => Promise<unknown>).apply(db, args);
}
