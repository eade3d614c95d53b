// An inbox in the receiver's own PostgreSQL. An event is stored when its transaction has committed. `commit` ends an
// event in the transaction of its work, so both happen or neither.
import { inboxOf } from './open-inbox.ts';
import { adoptsAtOnce, beginClaim, statementsOf } from './postgres-statements.ts';
import { partsOf, tablesOf, usualTable } from './postgres-table.ts';
import type { Acceptance, Claimed, ClaimOptions, End, Inbox } from './store.ts';

export { inboxTableSql } from './postgres-table.ts';

/** The part of a client of `pg` that is used. */
export interface PostgresClient {
  // biome-ignore lint/suspicious/noExplicitAny: as in the types of `pg`
  query(text: string, values?: any[]): Promise<{ rows: any[]; rowCount: number | null }>;
}

interface Emitter {
  on?(event: 'error', listener: () => void): unknown;
  off?(event: 'error', listener: () => void): unknown;
}

/** The part of a pool of `pg` that is used. */
export interface PostgresPool<Client extends PostgresClient = PostgresClient> extends PostgresClient {
  connect(): Promise<Client & { release(error?: Error | boolean): void } & Emitter>;
}

export interface PostgresInboxOptions {
  /** `table` or `schema.table`. Default: `posthorn_inbox`. */
  table?: string;
  /** Makes the table at the start. False: you have made it, with the SQL of `inboxTableSql`. Default: true. */
  createTable?: boolean;
}

/** A transaction of a claim looks at so many keys. Those whose turn it is not are due later after that. */
const looksAt = 500;

/** So often keys without a row are looked for. */
const adoptEveryMs = 30_000;

/** The client of a pool has no listener while it is in use, and its event `error` would end the process. The next query fails, too. */
const ignored = () => undefined;

type Row = Claimed & { position: number };

/** A row of a key whose turn it is, locked by a claim. */
interface Turn {
  key: string;
  at: string;
  is_due: boolean;
  /** Nobody holds it: the claim may change it. */
  is_free: boolean;
  /** How many rows the key has. */
  of_key: number;
  /** How many due rows the claim has looked at. */
  looked: number;
}

/** The parameters 6 to 8 of a claim: keys that it has to itself, of each the row that stays, if it may be changed, and the rows that go. */
function turnsOf(locked: readonly Turn[]): [keys: string[], staying: (string | null)[], going: string[]] {
  const byKey = new Map<string, Turn[]>();
  for (const turn of locked) byKey.set(turn.key, [...(byKey.get(turn.key) ?? []), turn]);
  const whole = [...byKey.values()].filter((rows) => rows.length === rows[0]?.of_key);
  // one that is due stays: the event of its key may find no place in this claim
  const free = whole.map((rows) => rows.filter(({ is_free }) => is_free).sort((a, b) => Number(b.is_due) - Number(a.is_due)));
  const keys = whole.flatMap(([first]) => first?.key ?? []);
  return [keys, free.map(([first]) => first?.at ?? null), free.flatMap(([, ...rest]) => rest.map(({ at }) => at))];
}

/** The parameters 4 to 7 of `end`. */
function parametersOf(end: End): [state: string, inMs: number, error: string | null, uncounted: number] {
  if (end.state === 'released') return ['waiting', 0, null, 1];
  if (end.state === 'retry') return ['waiting', end.inMs, end.error, 0];
  return [end.state, 0, end.state === 'dead' ? end.error : null, 0];
}

export function postgresInbox<Client extends PostgresClient>(
  pool: PostgresPool<Client>,
  { table = usualTable, createTable = true }: PostgresInboxOptions = {},
): Inbox<Client> {
  const tables = tablesOf(table);
  const sql = statementsOf(tables);
  /** By receiver: when keys without a row were looked for, and after which key that goes on. */
  const adoptions = new Map<string, { at: number; after: string | null }>();

  async function transaction(work: (client: Client) => Promise<boolean>, begin = 'begin'): Promise<boolean> {
    const client = await pool.connect();
    client.on?.('error', ignored);
    let failed: Error | undefined;
    try {
      await client.query(begin);
      const isKept = await work(client);
      await client.query(isKept ? 'commit' : 'rollback');
      return isKept;
    } catch (error) {
      // a connection that cannot roll back is closed, which does the same
      await client.query('rollback').catch((cause) => {
        failed = cause;
      });
      throw error;
    } finally {
      client.off?.('error', ignored);
      client.release(failed);
    }
  }

  async function adopt(receiver: string): Promise<void> {
    const { at, after } = adoptions.get(receiver) ?? { at: Number.NEGATIVE_INFINITY, after: null };
    if (performance.now() - at < adoptEveryMs) return;
    await transaction(async (client) => {
      const last = (await client.query(sql.adopt, [receiver, after])).rows[0];
      const isMore = last?.n === adoptsAtOnce;
      // it goes on at once while it finds some
      const found = isMore && last.adopted ? Number.NEGATIVE_INFINITY : performance.now();
      adoptions.set(receiver, { at: found, after: isMore ? last.key : null });
      return true;
    }, beginClaim);
  }

  /** One transaction of a claim. True: there may be more keys whose turn it is. */
  async function claimInto(claimed: Row[], receiver: string, { worker, limit, leaseMs, gapWaitMs }: ClaimOptions): Promise<boolean> {
    let looked = 0;
    let isMore = true;
    await transaction(async (client) => {
      do {
        const most = looked === 0 ? limit : looksAt;
        const locked: Turn[] = (await client.query(sql.lockTurns, [receiver, most])).rows;
        const turns = turnsOf(locked);
        const { rows } = await client.query(sql.claim, [receiver, limit - claimed.length, worker, leaseMs, gapWaitMs, ...turns]);
        claimed.push(...rows);
        looked += most;
        // what is held by others is due again in the next look
        isMore = claimed.length < limit && locked[0]?.looked === most && locked.some(({ is_free }) => is_free);
      } while (isMore && looked < looksAt);
      return true;
    }, beginClaim);
    return isMore;
  }

  return inboxOf({
    async setup() {
      const all = partsOf(table);
      const names = [all.map(({ name }) => name)];
      const { rows } = await pool.query('select to_regclass(unnest($1::text[])) is not null as is_made', names);
      if (!createTable) {
        const missing = all.find(({ name }, at) => Object.values(tables).includes(name) && !rows[at]?.is_made);
        if (missing) throw new Error(`the table ${missing.name} is missing: run the SQL of inboxTableSql() of this version`);
        return;
      }
      // One transaction each: the locks of one do not last while the next is made. Processes that start together take turns.
      for (const [at, { sql, isWanted }] of all.entries())
        if (rows[at]?.is_made !== isWanted) await pool.query(`select pg_advisory_xact_lock(7061110); ${sql}`);
    },
    async accept(receiver, items, { again }) {
      // rows in the order of their key: two requests with the same events must not wait for each other
      const sorted = [...items].sort((a, b) => (a.id < b.id ? -1 : 1));
      const column = <K extends keyof (typeof sorted)[number]>(name: K) => sorted.map((item) => item[name]);
      const columns = (['id', 'type', 'raw', 'key', 'sequence', 'replay', 'meta'] as const).map(column);
      const { rows } = await pool.query(items.length === 1 ? sql.acceptOne : sql.acceptMany, [receiver, ...columns, again]);
      const results = new Map(rows.map(({ id, is_new }) => [id, (is_new ? 'new' : 'revived') as Acceptance]));
      return items.map(({ id }) => results.get(id) ?? 'duplicate');
    },
    async claim(receiver, options) {
      await adopt(receiver);
      const claimed: Row[] = [];
      while ((await claimInto(claimed, receiver, options)) && claimed.length === 0);
      return claimed.sort((a, b) => a.position - b.position);
    },
    async extend(receiver, claims, leaseMs) {
      const { rows } = await pool.query(sql.extend, [receiver, claims.map(({ id }) => id), claims.map(({ fence }) => fence), leaseMs]);
      return new Set(rows.map(({ id }) => id));
    },
    async end(receiver, { id, fence }, end) {
      return (await pool.query(sql.end, [receiver, id, fence, ...parametersOf(end)])).rows.length > 0;
    },
    commit: (receiver, { id, fence }, work) =>
      transaction(async (client) => {
        await work(client);
        return (await client.query(sql.end, [receiver, id, fence, ...parametersOf({ state: 'done' })])).rows.length > 0;
      }),
    dead: async (receiver, limit) => (await pool.query(sql.dead, [receiver, limit])).rows,
    settle: async (receiver, id, what) =>
      (await pool.query(sql.settle, [receiver, id, what === 'retry' ? 'waiting' : 'done'])).rows.length > 0,
    gaps: async (receiver) => (await pool.query(sql.gaps, [receiver])).rows,
    purge: async (receiver, keepMs) => (await pool.query(sql.purge, [receiver, keepMs])).rowCount ?? 0,
  });
}
