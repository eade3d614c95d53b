// Secrets and key pairs change while deliveries go: a receiver that knows any that is live accepts every request. And the workflow that follows a key.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifyWebhook } from '../../src/receiver/verify.ts';
import type { Received } from '../support/receiver.ts';
import { until } from '../support/until.ts';
import { type Stage, setStage } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage('t54', { POSTHORN_DISPATCH: 'adaptive' });
});
afterAll(() => stage.close());

const keyOf = async (waits: object) => (await stage.posthorn.post('/v1/signing-keys/rotate', waits)).body;
const verifies = ({ headers, body }: Received, by: { secrets?: string[]; publicKeys?: string[] }) => {
  try {
    return verifyWebhook({ headers, body, ...by }) !== null;
  } catch {
    return false;
  }
};

// first, while few events leave one by one: the sandbox knows a delivery by its row, which a first attempt under load is ahead of
it('the sandbox checks what its endpoint is signed with, all of it', async () => {
  const { posthorn, tenant } = stage;
  const custom = { header: 'X-Sig', algorithm: 'sha512', encoding: 'hex', signed: '{id}.{timestamp}.{body}', secretAs: 'text' };
  const ways = {
    everything: { schemes: ['v1', 'v1a'], custom, messageSignatures: { algorithm: 'hmac-sha256' } },
    pair: { schemes: [], messageSignatures: { algorithm: 'ed25519' } },
  };
  for (const [name, signing] of Object.entries(ways)) {
    await posthorn.makeEndpoint(tenant, `${posthorn.origin}/sandbox/${name}`, { eventTypes: [`sandbox.${name}`], signing });
    await posthorn.postEvent(tenant, { type: `sandbox.${name}` });
    const [request] = await until('the request', async () => {
      const { requests } = (await posthorn.get(`/sandbox/${name}`)).body;
      return requests.length > 0 ? requests : null;
    });
    expect(request).toMatchObject({ signature: 'valid', statusAnswered: 200 });
  }
});

it('every request of a rotation verifies by the secrets and keys of before and of after', { timeout: 20_000 }, async () => {
  const { posthorn, receiver, tenant } = stage;
  const wanted = { eventTypes: ['rotated.often'], signing: { schemes: ['v1', 'v1a'] } };
  const { id, secret, publicKeys } = (await posthorn.post(`/v1/tenants/${tenant}/endpoints`, { url: `${receiver.url}/rotated`, ...wanted }))
    .body;
  const requests = () => receiver.requests.filter(({ path }) => path === '/rotated');
  const send = (count: number) => Promise.all(Array.from({ length: count }, () => posthorn.postEvent(tenant, { type: 'rotated.often' })));
  const rotate = async (overlap: string) => (await posthorn.post(`/v1/endpoints/${id}/rotate-secret`, { overlap })).body.secret as string;

  const [, second, key] = await Promise.all([send(60), rotate('1h'), keyOf({ publishFor: '0s', overlap: '1h' }), send(60)]);
  // each of the two reaches a process within a second
  const isNew = (request: Received) => verifies(request, { secrets: [second] }) && verifies(request, { publicKeys: [key.publicKey] });
  await until('the new ones to sign', async () => {
    await send(5);
    return requests().some(isNew);
  });
  await send(20);
  await until(
    'all',
    async () => (await posthorn.get(`/v1/deliveries?endpoint=${id}&status=pending`)).body.data.length === 0 && requests().length > 140,
  );
  expect(requests().filter((request) => !verifies(request, { secrets: [secret] }))).toEqual([]);
  expect(requests().filter((request) => !verifies(request, { publicKeys }))).toEqual([]);

  const third = await rotate('0s');
  await until('the leaked ones to be gone', async () => {
    const [event] = await send(1);
    const [request] = await until('the request', () => (receiver.of(event ?? '').length > 0 ? receiver.of(event ?? '') : null));
    return request && verifies(request, { secrets: [third] }) && !verifies(request, { secrets: [secret, second] });
  });
});

it('a workflow follows each rotation: done when nothing is left to forget, cancelled by a signal, whatever it says', async () => {
  const follow = (key: { id: string }) => stage.posthorn.temporal.workflow.getHandle(`rotate-key/${key.id}`);
  const atOnce = await keyOf({ publishFor: '0s', overlap: '0s' });
  expect(await follow(atOnce).result()).toEqual({ phase: 'done', nextInMs: null });
  const next = await keyOf({});
  expect((await follow(next).query<{ phase: string }>('progress')).phase).toBe('published');
  await follow(next).signal('cancel', 7);
  expect(await follow(next).result()).toEqual({ phase: 'cancelled', nextInMs: null });
  expect((await stage.posthorn.get('/v1/signing-keys')).body.data).toEqual([atOnce]);
});
