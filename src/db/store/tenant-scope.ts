// Row-level security for what one tenant asks: inside its scope every statement runs as a role that sees that tenant's rows alone (docs/decisions/0014).
//
// Role and tenant are set for one transaction at a time, so nothing is left on a connection that another request gets next, pooled between transactions or not.
// They are acknowledged before the statement is sent: one that could not be bound is never run with the rights of the store's owner.
import { AsyncLocalStorage } from 'node:async_hooks';
import pg from 'pg';
import { uuidOf } from '#domain/ids';
import { type Db, inTransaction } from './pool.ts';

export interface TenantScope {
  /** `tnt_…` */
  tenantId: string;
  /** PostgreSQL refuses every change. */
  readOnly: boolean;
}

declare const scoped: unique symbol;
/** A Db of which nobody can be given another by mistake. */
export type ScopedDb = Db & { readonly [scoped]: true };

const scopes = new AsyncLocalStorage<TenantScope>();

/** Whatever `work` asks of a scoped Db, also later and in what it starts, is asked in the tenant's name. */
export function asTenant<T>(scope: TenantScope, work: () => T): T {
  return scopes.run(scope, work);
}

/** In whose name is asked now, as the id of the tenant; null: in no tenant's. */
export function scopedTenant(): string | null {
  return scopes.getStore()?.tenantId ?? null;
}

/** Outside any scope a scoped Db is the pool itself. */
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

/** The client, which begins transactions in the tenant's name and runs nothing outside of one. */
function boundClient(client: pg.PoolClient, scope: TenantScope): pg.PoolClient {
  let bound = false;
  const query = async (...args: unknown[]) => {
    const [text] = args;
    if (text === 'begin') {
      await client.query(beginning(scope));
      bound = true;
      return;
    }
    if (!bound && text !== 'rollback') throw new Error('a statement of a tenant outside of its transaction');
    if (text === 'commit' || text === 'rollback') bound = false;
    return send(client, args.map(ownName));
  };
  return Object.create(client, { query: { value: query } });
}

// one message; the server runs nothing of it behind what fails
function beginning({ tenantId, readOnly }: TenantScope): string {
  const tenant = pg.escapeLiteral(uuidOf(tenantId));
  return `begin ${readOnly ? 'read only' : 'read write'}; select set_config('role', tenant_role(), true), set_config('posthorn.tenant', ${tenant}, true)`;
}

/** A statement prepared under one role is planned anew for another: each has its own, so that they do not take turns. */
function ownName(arg: unknown): unknown {
  const { name } = (arg ?? {}) as { name?: unknown };
  return typeof name === 'string' ? { ...(arg as object), name: `${name}/tenant` } : arg;
}

function send(db: Pick<Db, 'query'>, args: unknown[]): Promise<unknown> {
  return (db.query as (...args: unknown[]) => Promise<unknown>).apply(db, args);
}
