// Key pairs sign only for their own tenant. Secrets and key pairs are rotated during deliveries: a
// receiver that knows any live key accepts every request. Also the workflow that follows a key.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verify, WebhookVerificationError } from '#receiver';
import { rfc9421 } from '#receiver/schemes';
import { longLeases } from '../support/quick-timings.ts';
import type { Received } from '../support/receiver.ts';
import { until } from '../support/until.ts';
import { type Stage, setStage } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage('t54', { POSTHORN_DISPATCH: 'adaptive' }, { timings: longLeases });
});
afterAll(() => stage.close());

const keyOf = async (waits: object) => (await stage.posthorn.post(`/v1/tenants/${stage.tenant}/signing-keys/rotate`, waits)).body;
const verifies = ({ headers, body }: Received, by: string[]) => {
  try {
    return verify(body, headers, by).id !== '';
  } catch {
    return false;
  }
};

// runs first, while events are dispatched individually: the sandbox finds a delivery by its row, and a batched first
// attempt comes before it
it('the sandbox verifies every signature of its endpoint', async () => {
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

type Verify = (request: Received, url: string, publicKeys: string[]) => unknown;
const byKeyPair: Record<string, { signing: object; verify: Verify }> = {
  v1a: {
    signing: { schemes: ['v1a'] },
    verify: ({ headers, body }, _url, publicKeys) => verify(body, headers, publicKeys),
  },
  'RFC 9421': {
    signing: { schemes: [], messageSignatures: { algorithm: 'ed25519', components: ['@method', '@target-uri', 'content-digest'] } },
    verify: ({ method, headers, body }, url, publicKeys) => verify(body, headers, publicKeys, { scheme: rfc9421({ method, url }) }),
  },
};

/** Reads the public keys like a receiver that knows only the id of its own tenant. */
async function publicKeysOf(tenant: string): Promise<string[]> {
  const { keys } = (await stage.posthorn.call('GET', `/.well-known/tenants/${tenant}/jwks.json`, undefined, { key: null })).body;
  return keys.map(({ x }: { x: string }) => `whpk_${Buffer.from(x, 'base64url').toString('base64')}`);
}

it.each(Object.entries(byKeyPair))(
  '%s: a receiver refuses a request that another tenant had sent to itself and forwards',
  async (name, { signing, verify }) => {
    const { posthorn, receiver, tenant } = stage;
    const path = (who: string) => `/${who}-${name.replaceAll(' ', '-')}`;
    const answerAs = (who: string, of: string) =>
      receiver.answer(path(who), async (request, response) => {
        try {
          verify(request, receiver.url + path(who), await publicKeysOf(of));
          response.writeHead(200).end();
        } catch (error) {
          response.writeHead(error instanceof WebhookVerificationError ? 401 : 500).end();
        }
      });
    answerAs('victim', tenant);
    answerAs('neighbour', tenant);
    const thief = await posthorn.makeTenant();
    answerAs('thief', thief);
    const test = { type: 'invoice.paid', data: { type: 'invoice.paid', amount: 1_000_000 } };

    const { token } = (await posthorn.post('/v1/portal-links', { tenant: thief })).body;
    const theirs = { url: receiver.url + path('thief'), signing, format: 'raw' };
    const made = await posthorn.post(`/v1/tenants/${thief}/endpoints`, theirs, { key: token });
    const tested = await posthorn.post(`/v1/endpoints/${made.body.id}/test`, test, { key: token });
    expect(tested.body.attempt).toMatchObject({ status: 200 });
    const sent = (who: string) => receiver.requests.filter((request) => request.path === path(who)).at(-1) as Received;
    const loot = sent('thief');
    expect(JSON.parse(loot.body.toString())).toEqual(test.data);

    for (const who of ['victim', 'neighbour']) {
      const { id } = await posthorn.makeEndpoint(tenant, receiver.url + path(who), { eventTypes: [`${who}.only`], signing });
      expect((await posthorn.post(`/v1/endpoints/${id}/test`, test)).body.attempt).toMatchObject({ status: 200 });
    }
    expect(await sendOn(sent('victim'), receiver.url + path('victim'))).toBe(200);
    expect(await sendOn(loot, receiver.url + path('victim'))).toBe(401);
    // within a tenant, a message signature is bound to the address it was made for
    expect(await sendOn(sent('neighbour'), receiver.url + path('victim'))).toBe(name === 'v1a' ? 200 : 401);
    expect(loot.headers).toMatchObject({ 'webhook-id': expect.stringMatching(/^test_/), 'posthorn-test': 'true' });
  },
);

async function sendOn({ method, headers, body }: Received, url: string): Promise<number> {
  const { host: _, connection: _closed, 'content-length': _length, ...others } = headers;
  return (await fetch(url, { method, headers: others, body: new Uint8Array(body) })).status;
}

it('every request during a rotation verifies with the old and with the new secrets and keys', async () => {
  const { posthorn, receiver, tenant } = stage;
  const wanted = { eventTypes: ['rotated.often'], signing: { schemes: ['v1', 'v1a'] } };
  const { id, secret, publicKeys } = (await posthorn.post(`/v1/tenants/${tenant}/endpoints`, { url: `${receiver.url}/rotated`, ...wanted }))
    .body;
  const requests = () => receiver.requests.filter(({ path }) => path === '/rotated');
  const send = (count: number) => Promise.all(Array.from({ length: count }, () => posthorn.postEvent(tenant, { type: 'rotated.often' })));
  const rotate = async (overlap: string) => (await posthorn.post(`/v1/endpoints/${id}/rotate-secret`, { overlap })).body.secret as string;

  const [, second, key] = await Promise.all([send(60), rotate('1h'), keyOf({ publishFor: '0s', overlap: '1h' }), send(60)]);
  // each of the two changes reaches a process within a second
  const isNew = (request: Received) => verifies(request, [second]) && verifies(request, [key.publicKey]);
  await until('the new ones to sign', async () => {
    await send(5);
    return requests().some(isNew);
  });
  await send(20);
  await until(
    'all',
    async () => (await posthorn.get(`/v1/deliveries?endpoint=${id}&status=pending`)).body.data.length === 0 && requests().length > 140,
  );
  expect(requests().filter((request) => !verifies(request, [secret]))).toEqual([]);
  expect(requests().filter((request) => !verifies(request, publicKeys))).toEqual([]);

  const third = await rotate('0s');
  await until('the leaked ones to be gone', async () => {
    const [event] = await send(1);
    const [request] = await until('the request', () => (receiver.of(event ?? '').length > 0 ? receiver.of(event ?? '') : null));
    return request && verifies(request, [third]) && !verifies(request, [secret, second]);
  });
});

it('a workflow follows each rotation: it ends when no key is left to remove, and is cancelled by a signal with any input', async () => {
  const follow = (key: { id: string }) => stage.posthorn.temporal.workflow.getHandle(`rotate-key/${key.id}`);
  const atOnce = await keyOf({ publishFor: '0s', overlap: '0s' });
  expect(await follow(atOnce).result()).toEqual({ phase: 'done', nextInMs: null });
  const next = await keyOf({});
  expect((await follow(next).query<{ phase: string }>('progress')).phase).toBe('published');
  await follow(next).signal('cancel', 7);
  expect(await follow(next).result()).toEqual({ phase: 'cancelled', nextInMs: null });
  expect((await stage.posthorn.get(`/v1/tenants/${stage.tenant}/signing-keys`)).body.data).toEqual([atOnce]);
});
