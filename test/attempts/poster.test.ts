// The errors of the poster: which of them count towards quarantine, and which are only tried again.
import { randomBytes } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { createPoster, type PostJob } from '#attempts/poster';
import { createAddressGuard } from '#outbound/address-guard';
import { createSender } from '#outbound/send';
import { createLogger } from '#runtime/logger';
import { newId } from '#runtime/new-id';
import { sealTarget } from '#sealing/endpoint-target-encryption';
import { createVault } from '#sealing/vault';
import { testContents } from '../support/contents.ts';
import { createTestDatabase } from '../support/database.ts';
import { startReceiver } from '../support/receiver.ts';

type BatchMember = NonNullable<PostJob['batch']>[number];

it('a job that is too late and an unknown master key are not sent and count as no failure; broken content is a RenderError', async () => {
  const [{ db, drop }, receiver] = await Promise.all([createTestDatabase(), startReceiver()]);
  const sender = createSender({ guard: createAddressGuard({ allowCidrs: ['127.0.0.0/8'] }), userAgent: 'Posthorn/test' });
  onTestFinished(async () => {
    await sender.close();
    await Promise.all([receiver.close(), drop()]);
  });
  const vault = createVault([randomBytes(32).toString('base64')]);
  const poster = createPoster({
    db,
    vault,
    contents: testContents(db),
    sender,
    log: createLogger('fatal'),
    defaultRetry: { schedule: ['1h'] },
  });
  const [secret, endpointId] = [newId('sec'), newId('ep')];
  const job: PostJob = {
    deliveryId: newId('dlv'),
    eventId: newId('evt'),
    endpointId,
    tenantId: newId('tnt'),
    round: 1,
    attempts: 2,
    webhookId: newId('evt'),
    body: Buffer.from('{}'),
    sealed: sealTarget(vault, endpointId, { url: `${receiver.url}/hook`, headers: {}, auth: null }).sealed,
    targetVersion: 1,
    format: 'standard',
    signing: null,
    timeoutMs: 30_000,
    retry: null,
    secrets: [{ id: secret, sealed: vault.seal(randomBytes(24), secret) }],
  };
  // encrypted with a key that other processes have already: it is tried again, and counts as no failure
  const next = createVault([randomBytes(32).toString('base64')]);
  const resealed = { id: secret, sealed: next.seal(randomBytes(24), secret) };
  await expect(poster.post({ ...job, secrets: [resealed] })).rejects.toMatchObject({ name: 'VaultError' });
  const broken = { id: secret, sealed: vault.seal(randomBytes(24), 'another') };
  await expect(poster.post({ ...job, secrets: [broken] })).rejects.toMatchObject({ name: 'RenderError', eventIds: [] });
  // for a batch, the error names the events that cause it
  const member = (body: string) => ({ eventId: newId('evt'), id: 'one', sequence: null, body: Buffer.from(body) });
  const [good, unopened, erased] = [member('{"type":"a","data":1}'), member('\x02\x00'), member('')];
  const ofBatch = (batch: BatchMember[], format: PostJob['format'] = 'standard') => poster.post({ ...job, format, batch });
  await expect(ofBatch([good, unopened, erased])).rejects.toMatchObject({
    name: 'RenderError',
    eventIds: [unopened.eventId, erased.eventId],
  });
  const unrendered = member('{"type":nonsense}');
  await expect(ofBatch([good, unrendered], 'cloudevents')).rejects.toMatchObject({ name: 'RenderError', eventIds: [unrendered.eventId] });
  const late = poster.post({ ...job, isTooLate: () => true });
  await expect(late).rejects.toMatchObject({ name: 'LocalFault', code: 'too_late' });
  expect(receiver.requests).toEqual([]);
  expect(await poster.post({ ...job, isTooLate: () => false })).toMatchObject({
    number: 3,
    result: { outcome: 'accepted' },
  });
});
