// Records first attempts: inserts the row of a delivery and its attempt together, the row in the
// status that the attempt led to. A row that exists already (another relay, or a second run of the
// statement) is left unchanged.
import type { DeliveryStatus } from '#domain/deliveries/delivery';
import { uuidOf } from '#domain/ids';
import type { ContentEncryption } from '../keys/content-encryption.ts';
import type { Db } from '../store/pool.ts';
import type { AttemptRecord } from './attempts.ts';
import { encryptExchanges } from './exchanges.ts';
import { markLate } from './late-attempts.ts';
import { type NewDelivery, newDeliveryValues } from './new-delivery.ts';

export interface FirstRecord extends NewDelivery {
  /** Null: no POST was made (a limit, a closed gate); the row is `pending` and due. */
  attempt: AttemptRecord | null;
  /** There was no room for a workflow, so relays go on with it, unless it is delivered. */
  pumped?: boolean | undefined;
}

const text = `
  with incoming as (
    select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::timestamptz[],
      $7::uuid[], $8::timestamptz[], $9::text[], $10::text[], $11::float8[], $12::int[], $13::bytea[], $14::bool[], $15::text[],
      $16::real[], $17::real[], $18::real[], $19::real[], $20::real[], $21::bool[], $22::bool[], $23::bool[])
    with ordinality as i (delivery_id, event_id, endpoint_id, tenant_id, event_type, expires_at,
      id, started_at, outcome, message, retry_in_ms, status_code, exchange, response_truncated, address,
      dns_ms, connect_ms, tls_ms, first_byte_ms, total_ms, row_only, reconnected, pumped, n)
  ), made as (
    insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, expires_at, status, attempts, next_attempt_at, last_outcome, last_message,
      own_workflow, pumped)
    select delivery_id, event_id, endpoint_id, tenant_id, event_type, expires_at,
      case when outcome is null then 'pending' when outcome = 'accepted' then 'succeeded' when retry_in_ms is null then 'dead_lettered' else 'retrying' end,
      case when outcome is null then 0 else 1 end,
      case when outcome is null then now() when outcome = 'accepted' then null else least(now() + retry_in_ms * interval '1 millisecond', expires_at) end,
      outcome, message, outcome is distinct from 'accepted' and not pumped, outcome is distinct from 'accepted' and pumped
    from incoming order by delivery_id
    on conflict do nothing
    returning id, status
  ), kept as (
    insert into attempts (id, delivery_id, round, number, started_at, outcome, message, status_code, exchange,
      response_truncated, address, dns_ms, connect_ms, tls_ms, first_byte_ms, total_ms, reconnected)
    select i.id, i.delivery_id, 1, 1, i.started_at, i.outcome, i.message, i.status_code, i.exchange,
      i.response_truncated, i.address, i.dns_ms, i.connect_ms, i.tls_ms, i.first_byte_ms, i.total_ms, i.reconnected
    from incoming i where i.outcome is not null and not i.row_only order by i.delivery_id, i.id
    on conflict do nothing
    returning id, delivery_id, started_at
  ), ${markLate}
  select m.status from incoming i left join made m on m.id = i.delivery_id order by n`;

/**
 * Returns the status each row was inserted with, in order. Null: the row existed already, and nothing was inserted. The
 * caller then records the attempt with `recordAttempts`, which keeps it and changes the row only if it may.
 */
export async function recordFirstAttempts(
  db: Db,
  records: FirstRecord[],
  contents: Pick<ContentEncryption, 'seal'>,
): Promise<(DeliveryStatus | null)[]> {
  const of = <T>(pick: (record: FirstRecord) => T) => records.map(pick);
  const ofAttempt = <T>(pick: (attempt: AttemptRecord) => T) => records.map(({ attempt }) => attempt && pick(attempt));
  const { rows } = await db.query<{ status: DeliveryStatus | null }>({
    name: 'record_first_attempts',
    text,
    values: [
      ...newDeliveryValues(records),
      ofAttempt((attempt) => uuidOf(attempt.attemptId)),
      ofAttempt((attempt) => attempt.startedAt),
      ofAttempt(({ result }) => result.outcome),
      ofAttempt(({ result }) => result.message),
      ofAttempt((attempt) => attempt.retryInMs),
      ofAttempt(({ result }) => result.response?.statusCode ?? null),
      await encryptExchanges(
        contents,
        records.map(({ attempt }) => attempt),
      ),
      ofAttempt(({ result }) => result.response?.bodyTruncated ?? false),
      ofAttempt(({ result }) => result.address),
      ofAttempt(({ result }) => result.timings.dnsMs),
      ofAttempt(({ result }) => result.timings.connectMs),
      ofAttempt(({ result }) => result.timings.tlsMs),
      ofAttempt(({ result }) => result.timings.firstByteMs),
      ofAttempt(({ result }) => result.timings.totalMs),
      of(({ attempt }) => attempt?.rowOnly ?? false),
      ofAttempt(({ result }) => result.reconnected ?? false),
      of(({ pumped }) => pumped ?? false),
    ],
  });
  return rows.map((row) => row.status);
}
