// Resolves names with real DNS servers and system files. Silent servers delay only the lookups of
// their own names.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createResolve, type ResolveOptions, resolveBySystem } from '#outbound/resolve';
import { startDns } from './dns-server.ts';

const v4 = (address: string) => ({ address, family: 4 });

async function resolver(zone: Parameters<typeof startDns>[0], { hosts = '', conf = '', ...more }: Files = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'posthorn-names-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [hostsFile, resolvConf] = [join(folder, 'hosts'), join(folder, 'resolv.conf')];
  await Promise.all([writeFile(hostsFile, hosts), writeFile(resolvConf, conf)]);
  const { address, asked } = await startDns(zone);
  return { asked, resolve: createResolve({ servers: [address], hostsFile, resolvConf, ...more }) };
}
type Files = ResolveOptions & { hosts?: string; conf?: string };

it('names whose servers never answer time out and delay no other name', async () => {
  const silent = Array.from({ length: 50 }, (_, n) => `n${n}.silent.example`);
  const zone = { ...Object.fromEntries(silent.map((name) => [name, ['silence' as const]])), 'good.example': [['192.0.2.1']] };
  const { resolve } = await resolver(zone, { giveUpAfterMs: 1_500 });
  let givenUp = 0;
  const stalled = silent.map((name) => resolve(name).catch((error) => ++givenUp && error));
  expect(await resolve('good.example')).toEqual([v4('192.0.2.1')]);
  expect(givenUp).toBe(0);
  expect((await Promise.all(stalled)).every(({ code }) => code === 'EAI_AGAIN')).toBe(true);
});

it('both address families are queried, and aliases are followed', async () => {
  const { resolve } = await resolver({
    'both.example': [['2001:db8::1', '192.0.2.1']],
    'alias.example': [['-> both.example', '192.0.2.1']],
  });
  expect(await resolve('Both.Example')).toEqual([v4('192.0.2.1'), { address: '2001:db8::1', family: 6 }]);
  expect(await resolve('alias.example')).toEqual([v4('192.0.2.1')]);
});

it('a missing name and a missing answer are different errors', async () => {
  const { resolve } = await resolver({ 'broken.example': ['failure'] });
  await expect(resolve('nothing.example')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  await expect(resolve('broken.example')).rejects.toMatchObject({ code: 'EAI_AGAIN', message: expect.stringContaining('ESERVFAIL') });
});

it('/etc/hosts comes first, and localhost resolves to loopback', async () => {
  const hosts = '# comment\n192.0.2.7 Receiver receiver.lan # another\n2001:db8::7 receiver\nnonsense receiver\n';
  const { asked, resolve } = await resolver({}, { hosts });
  expect(await resolve('receiver')).toEqual([v4('192.0.2.7'), { address: '2001:db8::7', family: 6 }]);
  expect(await resolve('receiver.lan')).toEqual([v4('192.0.2.7')]);
  expect(await resolve('any.localhost')).toContainEqual(v4('127.0.0.1'));
  expect(asked).toEqual([]);
  expect(await resolveBySystem('localhost')).toContainEqual(v4('127.0.0.1'));
});

it('short names are completed from the search list', async () => {
  const conf = 'search ns.svc.example svc.example\noptions ndots:5\n';
  const { asked, resolve } = await resolver(
    { 'receiver.svc.example': [['192.0.2.1']], 'receiver.ns.svc.example': [['192.0.2.2']] },
    { conf },
  );
  expect(await resolve('receiver')).toEqual([v4('192.0.2.2')]);
  expect(asked).toEqual(['receiver.ns.svc.example']);
  expect(await resolve('receiver.ns')).toEqual([v4('192.0.2.2')]);
  expect(asked.slice(1)).toEqual(['receiver.ns', 'receiver.ns.ns.svc.example', 'receiver.ns.svc.example']);
});
