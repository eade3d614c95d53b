// Is the audit log what was once written? Each entry's hash is computed here anew from what is stored, independently of the SQL that made it.
import { createHash } from 'node:crypto';
import { type Db, inTransaction } from '../store/pool.ts';

const page = 2_000;
const start = Buffer.alloc(32);

export interface Verified {
  entries: number;
  /** The hash of the last entry, in hex: to be kept elsewhere. */
  head: string;
}

export interface Broken {
  /** The first number that is not as it was written. */
  seq: number;
  reason: string;
}

interface ChainRow {
  seq: number;
  fields: (string | null)[];
  prev_hash: Buffer;
  hash: Buffer;
}

/** `expect`: the head of an earlier time, in hex, which must still stand in the chain: who cuts off its end, or makes all of it anew, cannot have it there. */
export function verifyAudit(db: Db, expect: string | null = null): Promise<Verified | Broken> {
  return inTransaction(db, async (client) => {
    // one state of both tables, while others go on appending; and no functions but PostgreSQL's own
    await client.query('set transaction isolation level repeatable read, read only; set local search_path = pg_catalog');
    let before: Head = { seq: 0, hash: start };
    let found = expect === null || expect === start.toString('hex');
    for (;;) {
      const { rows } = await client.query<ChainRow>({ text: chain, values: [before.seq, page] });
      for (const row of rows) {
        const broken = judge(before, row);
        if (broken) return broken;
        found ||= row.hash.toString('hex') === expect;
        before = row;
      }
      if (rows.length < page) break;
    }
    return judgeHead(before, (await client.query<Head>('select seq, hash from posthorn_audit.audit_head')).rows[0], found);
  });
}

const chain = `
  select seq, prev_hash, hash, array[seq::text, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), actor_kind, actor_id, tenant_id::text, action,
    target_kind, target_id, before::text, after::text, address, request_id, once] as fields
  from posthorn_audit.audit_log where seq > $1 order by seq limit $2`;

interface Head {
  seq: number;
  hash: Buffer;
}

function judge(before: Head, { seq, fields, prev_hash: prev, hash }: ChainRow): Broken | null {
  if (seq !== before.seq + 1) return { seq: before.seq + 1, reason: 'is missing' };
  if (!prev.equals(before.hash)) return { seq, reason: 'does not follow the entry before it' };
  return hash.equals(hashOf(prev, fields)) ? null : { seq, reason: 'is not what was written' };
}

function judgeHead(last: Head, head: Head | undefined, found: boolean): Verified | Broken {
  if (head?.seq !== last.seq || !head.hash.equals(last.hash)) return { seq: last.seq + 1, reason: 'is missing: the end was cut off' };
  if (!found) return { seq: last.seq + 1, reason: 'is missing: the expected hash is none of the chain' };
  return { entries: last.seq, head: last.hash.toString('hex') };
}

/** The hash before it, then every field as `length:text,` in UTF-8, null as `-,`: bytes that can be read in one way only. */
function hashOf(prev: Buffer, fields: readonly (string | null)[]): Buffer {
  const hash = createHash('sha256').update(prev);
  for (const field of fields) hash.update(field === null ? '-,' : `${Buffer.byteLength(field)}:${field},`);
  return hash.digest();
}
