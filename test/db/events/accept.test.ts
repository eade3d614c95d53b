// Accepting many requests in one group: duplicates cost no more statements, and relays are notified
// of stored events.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTenant } from '#db/access/tenants';
import { type AcceptRequest, acceptEvents } from '#db/events/accept';
import { newId } from '#runtime/new-id';
import { newEvent } from '../../relay/parking-stage.ts';
import { testContents } from '../../support/contents.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { countStatements } from '../../support/statements.ts';
import { until } from '../../support/until.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  for (const key of ['acme', 'other']) await createTenant(database.db, { tenantId: newId('tnt'), key, name: key, metadata: {} });
});
afterAll(() => database?.drop());

const event = (externalId: string, content = 'a') => newEvent({ externalId, contentHash: Buffer.alloc(32, content) });
const request = (tenant: string, ...events: AcceptRequest['events']): AcceptRequest => ({ tenant, events });

async function accept(requests: AcceptRequest[]) {
  const contents = testContents(database.db);
  await contents.hasher();
  const { db, taken } = countStatements(database.db);
  const accepted = await acceptEvents(db, requests, null, contents);
  return { accepted, statements: taken(), kinds: accepted.map(({ acceptances }) => acceptances.map(({ kind }) => kind).join(' ')) };
}

describe('a group of requests', () => {
  it('takes two statements, with one duplicate or with a hundred of two tenants', async () => {
    await accept([request('acme', event('again')), request('other', event('again'))]);
    const one = await accept([request('acme', event('again'))]);
    const many = await accept(Array.from({ length: 100 }, (_, n) => request(n % 2 ? 'acme' : 'other', event('again'))));
    expect(one.statements).toEqual(['accept_events', 'read_event_ids']);
    expect(many.statements).toEqual(one.statements);
    expect(many.kinds).toEqual(Array.from({ length: 100 }, () => 'duplicate'));
  });

  it('takes one statement without duplicates', async () => {
    expect((await accept([request('acme', event('first')), request('other', event('first'))])).statements).toEqual(['accept_events']);
  });

  it('tells duplicates from conflicts per tenant, within a request and between requests, and handles unknown tenants', async () => {
    const mine = event('shared');
    await accept([request('acme', mine)]);
    const { kinds, accepted } = await accept([
      request('nobody', event('shared')),
      request('other', event('shared', 'b'), event('shared', 'b'), event('shared', 'a')),
      request('acme', event('shared', 'b'), event('shared', 'a'), event('fresh')),
      request('acme', event('fresh'), event('fresh', 'b')),
    ]);
    expect(kinds).toEqual(['', 'accepted duplicate conflict', 'conflict duplicate accepted', 'duplicate conflict']);
    expect(accepted[0]?.tenantId).toBeNull();
    expect(accepted[2]?.acceptances[1]?.id).toBe(mine.eventId);
    expect(accepted[3]?.acceptances[0]?.id).toBe(accepted[2]?.acceptances[2]?.id);
  });
});

describe('outbox rows without an owner', () => {
  it('are announced to the relays even if the first request of the group is for an unknown tenant', async () => {
    const payloads: string[] = [];
    const client = await database.db.connect();
    client.on('notification', ({ payload = '' }) => payloads.push(payload));
    try {
      await client.query('listen posthorn_outbox');
      await accept([request('nobody', event('unknown')), request('acme', event('announced'))]);
      await until('the announcement', () => payloads.length > 0);
      expect(payloads).toEqual(['']);
      // a group that stores nothing announces nothing: the next payload is the one sent after it
      await accept([request('acme', event('announced'))]);
      await database.db.query(`select pg_notify('posthorn_outbox', 'end')`);
      await until('the end', () => payloads.includes('end'));
      expect(payloads).toEqual(['', 'end']);
    } finally {
      client.release(true);
    }
  });
});
