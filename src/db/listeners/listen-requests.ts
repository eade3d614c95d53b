// Requests on their way to `posthorn listen`, and their answers. The attempt inserts a row and deletes it at its end; the
// process with the connection takes it; any process stores the answer.
import { uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';

/** Payload on the channel of the relays: the request with this id has an answer. */
export const answeredWord = 'answered ';

/** More for one endpoint do not wait: they fail, and are tried again. */
const mostWaiting = 64;

export interface RequestToPass {
  /** A UUID. */
  id: string;
  endpointId: string;
  sealed: Uint8Array;
  timeoutMs: number;
  /** A connection that was not renewed for so long is taken for lost. */
  lostAfterMs: number;
}

/** `nobody`: no command listens. `busy`: too many requests wait for it. */
export async function passRequest(
  db: Db,
  { id, endpointId, sealed, timeoutMs, lostAfterMs }: RequestToPass,
): Promise<'passed' | 'nobody' | 'busy'> {
  const { rows } = await db.query<{ heard: boolean; passed: boolean }>({
    name: 'pass_listen_request',
    text: `
      with listener as (
        select from listeners where endpoint_id = $2 and seen_at > now() - make_interval(secs => $5::float8 / 1000)
      ), passed as (
        insert into listen_requests (id, endpoint_id, sealed, deadline)
        select $1, $2, $3, now() + make_interval(secs => $4::float8 / 1000)
        where exists (select from listener)
          and (select count(*) from (select from listen_requests where endpoint_id = $2 and deadline > now() limit $6) w) < $6
        returning id
      ), told as (
        select pg_notify('posthorn_listen', $7) from passed
      )
      select exists (select from listener) as heard, exists (select from passed) as passed, (select count(*) from told)`,
    values: [id, uuidOf(endpointId), sealed, timeoutMs, lostAfterMs, mostWaiting, endpointId],
  });
  const [row] = rows;
  if (row?.passed) return 'passed';
  return row?.heard ? 'busy' : 'nobody';
}

export interface PassedRequest {
  id: string;
  sealed: Buffer;
  /** What is left of its time. */
  timeoutMs: number;
}

/** The most urgent requests that were not sent yet, while fewer than `most` on this connection wait for their answer. */
export async function takeRequests(db: Db, endpointId: string, session: string, most: number): Promise<PassedRequest[]> {
  const { rows } = await db.query<{ id: string; sealed: Buffer; left_ms: number }>({
    name: 'take_listen_requests',
    text: `
      update listen_requests r set session = $2
      from (
        select id from listen_requests where endpoint_id = $1 and session is null and deadline > now()
        order by deadline
        limit greatest(0, $3 - (
          select count(*) from listen_requests where endpoint_id = $1 and session = $2 and answer is null and deadline > now()))
        for update skip locked
      ) t
      where r.id = t.id and exists (select from listeners where endpoint_id = $1 and session = $2)
      returning r.id, r.sealed, (extract(epoch from r.deadline - now()) * 1000)::int as left_ms`,
    values: [uuidOf(endpointId), session, most],
  });
  return rows.map(({ id, sealed, left_ms }) => ({ id, sealed, timeoutMs: left_ms })).sort((a, b) => a.timeoutMs - b.timeoutMs);
}

/** False: no attempt waits for it, or it has an answer. */
export async function answerRequest(db: Db, endpointId: string, id: string, sealed: Uint8Array): Promise<boolean> {
  const { rows } = await db.query<{ stored: boolean }>({
    name: 'answer_listen_request',
    text: `
      with stored as (
        update listen_requests set answer = $3
        where id = $2 and endpoint_id = $1 and session is not null and answer is null and deadline > now()
        returning id
      ), told as (
        select pg_notify('posthorn_outbox', $4), pg_notify('posthorn_listen', $5) from stored
      )
      select exists (select from stored) as stored, (select count(*) from told)`,
    values: [uuidOf(endpointId), id, sealed, `${answeredWord}${id}`, endpointId],
  });
  return rows[0]?.stored === true;
}

export interface RequestState {
  isTaken: boolean;
  answer: Buffer | null;
}

/** Null: PostgreSQL has lost it. */
export async function readRequest(db: Db, id: string): Promise<RequestState | null> {
  const { rows } = await db.query<{ taken: boolean; answer: Buffer | null }>({
    name: 'read_listen_request',
    text: 'select session is not null as taken, answer from listen_requests where id = $1',
    values: [id],
  });
  return rows[0] ? { isTaken: rows[0].taken, answer: rows[0].answer } : null;
}

/** The attempt is over. Returns the answer if one came at the last moment. */
export async function endRequest(db: Db, id: string): Promise<RequestState | null> {
  const { rows } = await db.query<{ taken: boolean; answer: Buffer | null }>({
    name: 'end_listen_request',
    text: 'delete from listen_requests where id = $1 returning session is not null as taken, answer',
    values: [id],
  });
  return rows[0] ? { isTaken: rows[0].taken, answer: rows[0].answer } : null;
}
