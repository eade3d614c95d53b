// Accepting many requests in one group: the number of statements does not grow with the number of duplicates, and relays hear of what was stored.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTenant } from '#db/access/tenants';
import { type AcceptRequest, acceptEvents } from '#db/events/accept';
import { newId } from '#runtime/new-id';
import { newEvent } from '../relay/parking-stage.ts';
import { testContents } from '../support/contents.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { countStatements } from '../support/statements.ts';
import { until } from '../support/until.ts';

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
  it('takes two statements, whether it has one duplicate or a hundred of two tenants', async () => {
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

  it('tells duplicates from conflicts for each tenant, within a request, between requests, and for unknown tenants', async () => {
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

describe('rows without an owner are announced to the relays', () => {
  it('also when the first request of the group names no tenant', async () => {
    const heard: string[] = [];
    const client = await database.db.connect();
    client.on('notification', ({ payload = '' }) => heard.push(payload));
    try {
      await client.query('listen posthorn_outbox');
      await accept([request('nobody', event('unknown')), request('acme', event('announced'))]);
      await until('the announcement', () => heard.length > 0);
      expect(heard).toEqual(['']);
      // a group that stores nothing announces nothing: the next word heard is the one sent after it
      await accept([request('acme', event('announced'))]);
      await database.db.query(`select pg_notify('posthorn_outbox', 'end')`);
      await until('the end', () => heard.includes('end'));
      expect(heard).toEqual(['', 'end']);
    } finally {
      client.release(true);
    }
  });
});
