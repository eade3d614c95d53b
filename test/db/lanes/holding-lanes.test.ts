// Lanes with work: those of every endpoint with held deliveries, each once, page by page, and those
// that are overdue.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { lanesWithWork } from '#db/lanes/holding-lanes';
import { uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { insertForeground, layToRest } from '../../support/parking.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

async function endpointWith(deliveries: number, status = 'held'): Promise<string> {
  const endpointId = newId('ep');
  const tenantId = newId('tnt');
  for (let n = 0; n < Math.max(1, deliveries); n++) {
    const eventId = newId('evt');
    await insertForeground(database.db, { tenantId, endpointId, eventId });
    if (n < deliveries)
      await database.db.query(
        `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, next_attempt_at) values ($1, $1, $2, $3, 'a', $4, now())`,
        [uuidOf(eventId), uuidOf(endpointId), uuidOf(tenantId), status],
      );
  }
  return endpointId;
}

it('finds each endpoint once, page by page, with or without a lane', async () => {
  const { db } = database;
  expect(await lanesWithWork(db, null, 2)).toEqual([]);
  const holding = [await endpointWith(3), await endpointWith(1), await endpointWith(2)];
  const [late, resting] = [await endpointWith(0), await endpointWith(1, 'succeeded')];
  for (const id of [holding[0] ?? '', late, resting]) await layToRest(db, id);
  await db.query(`update lanes set due_at = now() - interval '11 seconds' where endpoint_id = $1`, [uuidOf(late)]);
  const found: string[] = [];
  for (let page = await lanesWithWork(db, null, 2); page.length > 0; page = await lanesWithWork(db, found.at(-1) ?? null, 2)) {
    expect(page.length).toBeLessThanOrEqual(2);
    found.push(...page.map(({ endpointId }) => endpointId));
  }
  expect(found).toEqual([...holding, late].toSorted());
});
