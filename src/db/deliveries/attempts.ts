// Records attempts, many in one statement. Safe to run twice: the id of an attempt is made before
// its POST, so the second insert keeps nothing, and the delivery's row has moved on already.
import type { DeliveryStatus } from '#domain/deliveries/delivery';
import type { SendResult } from '#domain/deliveries/outcome';
import { uuidOf } from '#domain/ids';
import type { SentRequest } from '#domain/views/sent-request';
import type { ContentEncryption } from '../keys/content-encryption.ts';
import { pumpWord } from '../store/listen.ts';
import type { Db } from '../store/pool.ts';
import { encryptExchanges } from './exchanges.ts';
import { markLate } from './late-attempts.ts';

export interface AttemptRecord {
  attemptId: string;
  deliveryId: string;
  round: number;
  number: number;
  startedAt: Date;
  /** What is stored of the request. Absent: nothing. */
  sent?: SentRequest | undefined;
  result: SendResult;
  /** After a failure: milliseconds until the next attempt; null: there is none (dead letter). */
  retryInMs: number | null;
  /**
   * A probe, sent before it is due to test whether the endpoint accepts again. A failed probe uses up no attempt and
   * leaves the row's status and time as they are.
   */
  probe?: boolean | undefined;
  /** The batch it was sent in. */
  batchId?: string | null;
  /** There was no room for a workflow, so relays go on with a delivery that is not delivered. False: there was. Absent: not asked. */
  pumped?: boolean | undefined;
  /** The relay that leased the delivery for this attempt. The record ends that lease. */
  leasedBy?: string | undefined;
  /** A relay made it, and no workflow: the delivery has none, unless one has to go on. */
  ofRelay?: boolean | undefined;
  /** True: changes only the delivery's row, because PostgreSQL refused to store the attempt. */
  rowOnly?: boolean;
}

/**
 * A record names (round, number) of its delivery. An accepted attempt makes any status `succeeded`. A failed one
 * changes only an unfinished row of that round whose next attempt this was. The attempt itself is kept either way
 * (design, decision 7).
 *
 * A held delivery stays with its lane after a failure. If its retry schedule is used up there, it has no workflow yet
 * in which a dead letter waits. It is then marked as unsignalled: the sweep starts the workflow if the recording process
 * crashes first. A pumped one is not marked: relays open its workflow later.
 *
 * `hurried`: a retry-now was given while the request was in flight, since an attempt takes the flag before its POST
 * (`takeHurry`). A refused delivery is then due at once; if it is pumped, the relays are notified.
 */
const text = `
  with incoming as (
    select *, probe and outcome <> 'accepted' as in_vain
    from unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[], $5::timestamptz[], $6::text[], $7::text[], $8::float8[], $9::int[], $10::bytea[],
      $11::bool[], $12::text[], $13::real[], $14::real[], $15::real[], $16::real[], $17::real[], $18::bool[], $19::uuid[],
      $20::bool[], $21::bool[], $22::bool[], $23::uuid[], $24::bool[])
    as i (id, delivery_id, round, number, started_at, outcome, message, retry_in_ms, status_code, exchange,
      response_truncated, address, dns_ms, connect_ms, tls_ms, first_byte_ms, total_ms, probe, batch_id, row_only, reconnected, pumped, leased_by, of_relay)
  ), kept as (
    insert into attempts (id, delivery_id, round, number, started_at, outcome, message, status_code, exchange,
      response_truncated, address, dns_ms, connect_ms, tls_ms, first_byte_ms, total_ms, probe, batch_id, reconnected)
    select id, delivery_id, round, number, started_at, outcome, message, status_code, exchange,
      response_truncated, address, dns_ms, connect_ms, tls_ms, first_byte_ms, total_ms, probe, batch_id, reconnected
    from incoming where not row_only order by delivery_id, id
    on conflict do nothing
    returning id, delivery_id, started_at
  ), ${markLate}, locked as (
    select id, status, hurried, pumped from deliveries where id = any($2::uuid[]) order by id for update
  ), changed as (
    update deliveries d set
      status = case when i.outcome = 'accepted' then 'succeeded' when i.in_vain then l.status when i.retry_in_ms is null then 'dead_lettered'
        when l.status = 'held' then 'held' else 'retrying' end,
      attempts = case when d.round = i.round and not i.in_vain then greatest(d.attempts, i.number) else d.attempts end,
      next_attempt_at = case when i.outcome = 'accepted' then null when i.in_vain then d.next_attempt_at
        when s.again_now then now()
        when i.retry_in_ms is not null then least(now() + i.retry_in_ms * interval '1 millisecond', d.expires_at) end,
      pumped = s.pumped, leased_by = case when d.leased_by = i.leased_by then null else d.leased_by end,
      own_workflow = case when i.of_relay and (i.outcome = 'accepted' or s.pumped) then false else d.own_workflow or s.spent_in_lane and not s.pumped end,
      unsignalled_since = case when s.spent_in_lane and not s.pumped then clock_timestamp() else d.unsignalled_since end,
      last_outcome = i.outcome, last_message = i.message, faults = 0, hurried = s.again_now, updated_at = now()
    from incoming i join locked l on l.id = i.delivery_id
      cross join lateral (
        select l.status = 'held' and i.outcome <> 'accepted' and not i.in_vain and i.retry_in_ms is null as spent_in_lane,
          case when i.outcome = 'accepted' or i.in_vain or l.status = 'held' and i.retry_in_ms is not null then l.pumped
            when l.status = 'held' then coalesce(i.pumped, l.pumped) else l.pumped or coalesce(i.pumped, false) end as pumped,
          l.hurried and l.status <> 'held' and i.outcome <> 'accepted' and i.retry_in_ms is not null as again_now
      ) s
    where d.id = i.delivery_id and d.id = any($2::uuid[])
      and case when i.outcome = 'accepted' then l.status <> 'succeeded' or d.round = i.round and d.attempts < i.number
        else l.status in ('pending', 'retrying', 'held') and d.round = i.round and d.attempts = i.number - 1 end
    returning d.id, d.status, d.hurried and d.pumped as due_for_relays
  )
  select coalesce(c.status, l.status) as status, case when c.due_for_relays then pg_notify('posthorn_outbox', '${pumpWord}') end
  from unnest($2::uuid[]) with ordinality as i (delivery_id, n)
  left join locked l on l.id = i.delivery_id left join changed c on c.id = i.delivery_id
  order by n`;

/** Records attempts in one transaction. Returns the status of each delivery now, in order; null: the row is gone. */
export async function recordAttempts(
  db: Db,
  records: AttemptRecord[],
  contents: Pick<ContentEncryption, 'seal'>,
): Promise<(DeliveryStatus | null)[]> {
  const of = <T>(pick: (record: AttemptRecord) => T) => records.map(pick);
  const { rows } = await db.query<{ status: DeliveryStatus | null }>({
    // not prepared by name, so that the ids select the partitions
    text,
    values: [
      of((record) => uuidOf(record.attemptId)),
      of((record) => uuidOf(record.deliveryId)),
      of((record) => record.round),
      of((record) => record.number),
      of((record) => record.startedAt),
      of((record) => record.result.outcome),
      of((record) => record.result.message),
      of((record) => record.retryInMs),
      of((record) => record.result.response?.statusCode ?? null),
      await encryptExchanges(contents, records),
      of((record) => record.result.response?.bodyTruncated ?? false),
      of((record) => record.result.address),
      of((record) => record.result.timings.dnsMs),
      of((record) => record.result.timings.connectMs),
      of((record) => record.result.timings.tlsMs),
      of((record) => record.result.timings.firstByteMs),
      of((record) => record.result.timings.totalMs),
      of((record) => record.probe ?? false),
      of((record) => (record.batchId ? uuidOf(record.batchId) : null)),
      of((record) => record.rowOnly ?? false),
      of((record) => record.result.reconnected ?? false),
      of((record) => record.pumped ?? null),
      of((record) => (record.leasedBy ? uuidOf(record.leasedBy) : null)),
      of((record) => record.ofRelay ?? false),
    ],
  });
  return rows.map((row) => row.status);
}
