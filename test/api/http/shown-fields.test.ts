// Lane fields of deliveries and attempts: sequence number, batch, probe.
import { expect, it } from 'vitest';
import { recordAttempts } from '#db/deliveries/attempts';
import type { SendResult } from '#domain/deliveries/outcome';
import { uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { apiOfFile } from '../api-of-file.ts';
import { held, leave } from '../lanes-at-hand.ts';

const { api, tenant } = await apiOfFile();

const timings = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, totalMs: 1 };
const refused: SendResult = { outcome: 'timeout', message: 'no answer', response: null, address: null, timings, retryAfterMs: null };

it('a delivery shows its sequence number and batch, alone and in lists, or null', async () => {
  const { id } = await api.makeEndpoint(tenant, 'http://127.0.0.1:9/hook', { ordering: 'endpoint' });
  const [numbered, other] = [await held(api, tenant, id), await held(api, tenant, id)];
  const batch = newId('bat');
  await leave(api, numbered, `sequence = 12, batch_id = '${uuidOf(batch)}'`);
  expect((await api.get(`/v1/deliveries/${numbered}`)).body).toMatchObject({ sequence: 12, batch });
  const { data: items } = (await api.get(`/v1/deliveries?endpoint=${id}`)).body;
  expect(items).toMatchObject([
    { id: other, sequence: null, batch: null },
    { id: numbered, sequence: 12, batch },
  ]);
});

it('an attempt shows whether it was a probe', async () => {
  const { id } = await api.makeEndpoint(tenant, 'http://127.0.0.1:9/hook');
  const deliveryId = await held(api, tenant, id);
  // ids of one millisecond come in any order
  const ids = Array.from({ length: 3 }, () => newId('att')).sort();
  for (const [index, probe] of [undefined, true, false].entries()) {
    const attempt = {
      attemptId: ids[index] ?? '',
      deliveryId,
      round: 1,
      number: 1,
      startedAt: new Date(),
      result: refused,
      retryInMs: 1_000,
    };
    await recordAttempts(api.db, [{ ...attempt, number: probe === undefined ? 1 : 2, probe }], api.deps.contents);
  }
  const { data: items } = (await api.get(`/v1/deliveries/${deliveryId}/attempts`)).body;
  expect(items).toMatchObject([
    { number: 2, probe: false },
    { number: 2, probe: true },
    { number: 1, probe: false },
  ]);
  expect((await api.get(`/v1/deliveries/${deliveryId}`)).body.attempts).toBe(2);
});
