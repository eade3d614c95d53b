import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { abandonClaim, claimKey, freeKey, renewClaim, storeAnswer } from '#db/access/idempotency';
import { newId } from '#runtime/new-id';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const claimOf = (key: string, requestHash = Buffer.from('a'), scope = 's') => ({
  scope,
  key,
  claim: randomUUID(),
  requestHash,
  seed: newId('evt'),
});
const runOut = () => database.db.query(`update idempotency_keys set claimed_until = now() - interval '1 second'`);
const age = () => database.db.query(`update idempotency_keys set created_at = now() - interval '24 hours 1 second'`);

describe('an idempotency key', () => {
  it('is claimed, renewed, abandoned with its seed kept, and freed', async () => {
    const { db } = database;
    const [first, second] = [claimOf('k'), claimOf('k')];
    expect(await claimKey(db, first)).toEqual({ kind: 'mine', seed: first.seed });
    expect(await claimKey(db, second)).toEqual({ kind: 'running' });
    expect(await claimKey(db, claimOf('k', Buffer.from('b')))).toEqual({ kind: 'other_request' });
    await runOut();
    await renewClaim(db, first, first.claim);
    expect(await claimKey(db, second)).toEqual({ kind: 'running' });
    await abandonClaim(db, first, first.claim);
    expect(await claimKey(db, second)).toEqual({ kind: 'mine', seed: first.seed });
    // a run that lost its claim changes nothing any more
    await freeKey(db, first, first.claim);
    await storeAnswer(db, first, first.claim, 201, Buffer.from('late'));
    expect(await claimKey(db, claimOf('k'))).toEqual({ kind: 'running' });
    await freeKey(db, second, second.claim);
    const third = claimOf('k');
    expect(await claimKey(db, third)).toEqual({ kind: 'mine', seed: third.seed });
  });

  it('keeps its answer for 24 hours, only for the same request', async () => {
    const { db } = database;
    const first = claimOf('answered');
    await claimKey(db, first);
    await storeAnswer(db, first, first.claim, 202, Buffer.from('sealed'));
    await runOut();
    expect(await claimKey(db, claimOf('answered'))).toEqual({ kind: 'answered', status: 202, sealedResponse: Buffer.from('sealed') });
    expect(await claimKey(db, claimOf('answered', Buffer.from('b')))).toEqual({ kind: 'other_request' });
    await age();
    const later = claimOf('answered', Buffer.from('b'));
    expect(await claimKey(db, later)).toEqual({ kind: 'mine', seed: later.seed });
    expect(await claimKey(db, claimOf('answered', Buffer.from('b')))).toEqual({ kind: 'running' });
  });

  it('belongs to its caller', async () => {
    await claimKey(database.db, claimOf('mine', undefined, 'one'));
    expect(await claimKey(database.db, claimOf('mine', undefined, 'two'))).toMatchObject({ kind: 'mine' });
  });

  it('is claimed, and taken over, by only one of many concurrent requests', async () => {
    const { db } = database;
    for (let round = 0; round < 2; round++) {
      const claims = await Promise.all(Array.from({ length: 10 }, () => claimKey(db, claimOf('busy'))));
      expect(claims.map(({ kind }) => kind).toSorted()).toEqual(['mine', ...Array.from({ length: 9 }, () => 'running')]);
      await runOut();
    }
  });
});
