// Lists the attempts of a delivery for people.

import { outcome } from '#domain/deliveries/outcome';
import { idOf, uuidOf } from '#domain/ids';
import type { AttemptView } from '#domain/views/delivery-view';
import type { SentRequest } from '#domain/views/sent-request';
import type { ContentEncryption } from '../keys/content-encryption.ts';
import type { Db } from '../store/pool.ts';
import { decryptExchange, type StoredExchange } from './exchanges.ts';

interface AttemptRow {
  id: string;
  round: number;
  number: number;
  started_at: Date;
  outcome: string;
  message: string;
  status_code: number | null;
  exchange: Buffer | null;
  response_truncated: boolean;
  address: string | null;
  dns_ms: number | null;
  connect_ms: number | null;
  tls_ms: number | null;
  first_byte_ms: number | null;
  total_ms: number;
  probe: boolean;
  reconnected: boolean;
  batch_id: string | null;
}

export interface ListedAttempt {
  attempt: Omit<AttemptView, 'request'>;
  /** Null: it was erased or not stored. */
  sent: SentRequest | null;
  startedAt: Date;
  batchId: string | null;
}

const columns = `id, round, number, started_at, outcome, message, status_code, exchange, response_truncated, address,
  dns_ms, connect_ms, tls_ms, first_byte_ms, total_ms, probe, reconnected, batch_id`;

/** Attempts before the attempt `before`, newest first. */
export async function listAttempts(
  db: Db,
  contents: Pick<ContentEncryption, 'open'>,
  deliveryId: string,
  before: string | null,
  limit: number,
): Promise<ListedAttempt[]> {
  const { rows } = await db.query<AttemptRow>({
    name: 'list_attempts',
    text: `
      select ${columns} from attempts
      where delivery_id = $1 and id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
      order by id desc limit $3`,
    values: [uuidOf(deliveryId), before && uuidOf(before), limit],
  });
  return Promise.all(rows.map(async (row) => toListed(deliveryId, row, await exchangeOf(contents, row))));
}

/** Null: the delivery has no such attempt. */
export async function readAttempt(
  db: Db,
  contents: Pick<ContentEncryption, 'open'>,
  deliveryId: string,
  attemptId: string,
): Promise<ListedAttempt | null> {
  const { rows } = await db.query<AttemptRow>({
    name: 'read_attempt',
    text: `select ${columns} from attempts where delivery_id = $1 and id = $2`,
    values: [uuidOf(deliveryId), uuidOf(attemptId)],
  });
  const [row] = rows;
  return row ? toListed(deliveryId, row, await exchangeOf(contents, row)) : null;
}

async function exchangeOf(contents: Pick<ContentEncryption, 'open'>, row: AttemptRow): Promise<StoredExchange> {
  return row.exchange ? decryptExchange(contents, idOf('att', row.id), row.exchange) : { sent: null, response: null };
}

function toListed(deliveryId: string, row: AttemptRow, { sent, response }: StoredExchange): ListedAttempt {
  const attempt = toAttempt(deliveryId, row, response);
  return { attempt, sent, startedAt: row.started_at, batchId: row.batch_id && idOf('bat', row.batch_id) };
}

function toAttempt(deliveryId: string, row: AttemptRow, response: StoredExchange['response']): ListedAttempt['attempt'] {
  return {
    id: idOf('att', row.id),
    delivery: deliveryId,
    round: row.round,
    number: row.number,
    probe: row.probe,
    reconnected: row.reconnected,
    startedAt: row.started_at.toISOString(),
    outcome: outcome.parse(row.outcome),
    message: row.message,
    status: row.status_code,
    headers: response?.headers ?? [],
    body: response && Buffer.from(response.body).toString(),
    bodyTruncated: row.response_truncated,
    address: row.address,
    timings: { dnsMs: row.dns_ms, connectMs: row.connect_ms, tlsMs: row.tls_ms, firstByteMs: row.first_byte_ms, totalMs: row.total_ms },
  };
}
