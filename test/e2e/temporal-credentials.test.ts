// The API key and the client certificate for Temporal change while Posthorn runs, and the old ones are refused: deliveries,
// which need calls and polls, go on without a restart.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, inject, it, type TestContext } from 'vitest';
import { usualTimings } from '#domain/timings';
import { createAuthority } from '../support/authority.ts';
import { startPosthorn } from '../support/posthorn.ts';
import { startReceiver } from '../support/receiver.ts';
import { startTemporalProxy, type TemporalProxy } from '../support/temporal-proxy.ts';
import { until } from '../support/until.ts';

const unauthenticated = { code: 16, message: 'unknown credentials' };
const timings = { ...usualTimings, temporal: { ...usualTimings.temporal, credentialsEveryMs: 200 } };

function folderOf({ onTestFinished }: TestContext): (name: string, content?: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return (name, content) => {
    const path = join(folder, name);
    if (content !== undefined) writeFileSync(path, content);
    return path;
  };
}

/** Posts events and waits for their deliveries, each by a workflow. */
async function delivering({ onTestFinished }: TestContext, proxy: TemporalProxy, namespace: string, env: Record<string, string>) {
  const [receiver, posthorn] = await Promise.all([
    startReceiver(),
    startPosthorn({ namespace, timings, env: { TEMPORAL_ADDRESS: proxy.address, ...env } }),
  ]);
  onTestFinished(async () => {
    await posthorn.stop();
    await Promise.all([receiver.close(), proxy.close()]);
  });
  const tenant = await posthorn.makeTenant();
  await posthorn.makeEndpoint(tenant, `${receiver.url}/hook`);
  return async (id: string) => {
    await posthorn.post(`/v1/tenants/${tenant}/events`, { type: 'order.created', data: { id }, id });
    await until(`${id} to be delivered`, () => receiver.of(id).length > 0);
    expect(receiver.of(id)).toHaveLength(1);
  };
}

describe.concurrent('new credentials for Temporal', () => {
  it('an API key in a file', async (context) => {
    const file = folderOf(context);
    const proxy = await startTemporalProxy(inject('temporalAddress'));
    const allow = (key: string) => proxy.refuse((_, { authorization }) => (authorization === `Bearer ${key}` ? null : unauthenticated));
    allow('first-key');
    const deliver = await delivering(context, proxy, 't69', {
      TEMPORAL_API_KEY_FILE: file('api-key', 'first-key\n'),
      TEMPORAL_TLS: 'false',
    });
    await deliver('before');
    file('api-key', 'second-key\n');
    allow('second-key');
    await deliver('after');
  });

  it('a client certificate', async (context) => {
    const file = folderOf(context);
    const authority = createAuthority();
    const server = authority.sign('server', 'DNS:temporal.test,IP:127.0.0.1');
    const write = (name: string) => {
      const { cert, key } = authority.sign(name);
      file('key.pem', key);
      return file('cert.pem', cert);
    };
    const proxy = await startTemporalProxy(inject('temporalAddress'), { ca: authority.ca, ...server });
    const allow = (client: string) => proxy.refuse((_method, _headers, name) => (name === client ? null : unauthenticated));
    allow('first');
    const deliver = await delivering(context, proxy, 't70', {
      TEMPORAL_TLS_CA: file('ca.pem', authority.ca),
      TEMPORAL_TLS_CERT: write('first'),
      TEMPORAL_TLS_KEY: file('key.pem'),
      TEMPORAL_TLS_SERVER_NAME: 'temporal.test',
    });
    await deliver('before');
    write('second');
    allow('second');
    await deliver('after');
  });
});
