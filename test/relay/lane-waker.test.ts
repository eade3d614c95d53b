// Woken lanes are signalled in Temporal, several at once: a signal that Temporal is slow to accept
// delays no other.
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { namesOf } from '#contract/workflow-contract';
import { newId } from '#runtime/new-id';
import { createLaneWaker } from '#temporal/lane-waker';
import { TemporalAway } from '#temporal/link';
import { AttributesOfNamespace } from '#temporal/search-attributes';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { insertForeground } from '../support/parking.ts';
import { until } from '../support/until.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

it('signals a lane while the signal to another lane is not answered', async () => {
  const { db } = database;
  const answers: (() => void)[] = [];
  const call = () => new Promise<never>((_, reject) => answers.push(() => reject(new TemporalAway('answered late'))));
  const waker = createLaneWaker({
    db,
    link: {
      call,
      start: call,
      trouble: () => null,
      onReplaced: () => undefined,
      names: namesOf('posthorn'),
      attributes: new AttributesOfNamespace(),
      connected: Promise.resolve(null),
      close: async () => undefined,
    },
    log: pino({ level: 'silent' }),
  });
  const wakeOne = async () => {
    const endpointId = newId('ep');
    await insertForeground(db, { tenantId: newId('tnt'), endpointId, eventId: newId('evt') });
    await waker.open([endpointId], 'failing');
  };
  for (let lanes = 1; lanes <= 8; lanes++) {
    await wakeOne();
    await until(`signal ${lanes}`, () => answers.length === lanes);
  }
  await wakeOne();
  await wakeOne();
  expect(answers).toHaveLength(8);
  answers[3]?.();
  await until('the ninth signal, after the first was answered', () => answers.length === 9);
  for (let given = 0; given < 10; given++) {
    await until('the next signal', () => answers.length > given);
    answers[given]?.();
  }
});
