// Verifies the hash chain of the audit log. It computes each entry's hash again from the stored
// fields, without the SQL that wrote it.
import { createHash } from 'node:crypto';
import { type Db, inTransaction } from '../store/pool.ts';

const page = 2_000;
const start = Buffer.alloc(32);

export interface Verified {
  entries: number;
  /** Hash of the last entry, in hex. Keep it outside this database. */
  head: string;
}

export interface Broken {
  /** Number of the first entry that is missing or was changed. */
  seq: number;
  reason: string;
}

interface ChainRow {
  seq: number;
  fields: (string | null)[];
  prev_hash: Buffer;
  hash: Buffer;
}

/**
 * Verifies the whole log. `expect`: an earlier head, in hex, that must still be in the chain. If the end of the log was
 * cut off, or all of it was written again, that head is not there.
 */
export function verifyAudit(db: Db, expect: string | null = null): Promise<Verified | Broken> {
  return inTransaction(db, async (client) => {
    // one snapshot of both tables while other transactions append; only PostgreSQL's own functions
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
  return hash.equals(hashOf(prev, fields)) ? null : { seq, reason: 'was changed after it was written' };
}

function judgeHead(last: Head, head: Head | undefined, found: boolean): Verified | Broken {
  if (head?.seq !== last.seq || !head.hash.equals(last.hash)) return { seq: last.seq + 1, reason: 'is missing: the end was cut off' };
  if (!found) return { seq: last.seq + 1, reason: 'is missing: the expected hash is not in the chain' };
  return { entries: last.seq, head: last.hash.toString('hex') };
}

/**
 * SHA-256 of the previous hash, then each field as `length:text,` in UTF-8, or `-,` for null: the bytes are
 * unambiguous.
 */
function hashOf(prev: Buffer, fields: readonly (string | null)[]): Buffer {
  const hash = createHash('sha256').update(prev);
  for (const field of fields) hash.update(field === null ? '-,' : `${Buffer.byteLength(field)}:${field},`);
  return hash.digest();
}
