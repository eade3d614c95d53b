// The receivers in Python and Go behind a real Posthorn: they accept what it sends, once, and nothing else.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { signedRequest } from '../receiver/signed.ts';
import { ownPort } from '../support/own-port.ts';
import { packageFolder } from '../support/python.ts';
import { withPosthorn } from '../support/shared-posthorn.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);

interface Program {
  command: string;
  args: string[];
  env: Record<string, string>;
}

let folder: string;
const children: ChildProcess[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-examples-'));
});
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const examples: Record<string, () => Promise<Program>> = {
  Python: async () => {
    const packages = Array.from(
      readFileSync('examples/python-receiver/requirements.txt', 'utf8').matchAll(/^(\S+)==(\S+)$/gm),
      ([, name = '', version = '']) => ({ name, version }),
    );
    const folders = await Promise.all(packages.map(({ name, version }) => packageFolder(name, version)));
    const env = { PYTHONPATH: folders.join(':'), PYTHONUNBUFFERED: '1', DATABASE: join(folder, 'receiver.sqlite') };
    return { command: 'python3', args: ['examples/python-receiver/receiver.py'], env };
  },
  Go: async () => {
    const command = join(folder, 'go-receiver');
    await run('go', ['build', '-o', command, '.'], { cwd: 'examples/go-receiver', timeout: 300_000 }).catch((cause) => {
      throw new Error('this test needs Go 1.22 or later on the PATH: https://go.dev/dl', { cause });
    });
    return { command, args: [], env: {} };
  },
};

async function start({ command, args, env }: Program, secret: string): Promise<string> {
  const port = String(await ownPort());
  const { PATH = '', HOME = '' } = process.env;
  children.push(spawn(command, args, { env: { PATH, HOME, ...env, PORT: port, WEBHOOK_SECRET: secret }, stdio: 'ignore' }));
  const url = `http://127.0.0.1:${port}/hooks`;
  await until('the example', () => fetch(url).then(() => true));
  return url;
}

describe.each(Object.entries(examples))('%s', (_language, prepare) => {
  withPosthorn('accepts an event of Posthorn, its replay, and nothing that is forged or old', async ({ posthorn }) => {
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    const url = await start(await prepare(), secret);
    const tenant = await posthorn.makeTenant();
    await posthorn.makeEndpoint(tenant, url, { eventTypes: ['order.*'], secret });
    const event = await posthorn.postEvent(tenant, { type: 'order.created', data: { orderId: 'o1', total: 12.5 } });
    const delivered = await until('the delivery', async () => {
      const [delivery] = await posthorn.deliveriesOf(tenant, event);
      return delivery?.status === 'succeeded' && delivery;
    });
    expect((await posthorn.post(`/v1/deliveries/${delivered.id}/replay`)).status).toBe(202);
    await until('the replay', async () => (await posthorn.attemptsOf(delivered.id)).length === 2);
    const send = async (request: ReturnType<typeof signedRequest>) => (await fetch(url, request)).status;
    const data = { orderId: 'o2' };
    expect(await send(signedRequest({ id: 'evt_a', by: secret, data }))).toBe(204);
    expect(await send({ ...signedRequest({ id: 'evt_b', by: secret, data }), body: '{}' })).toBe(401);
    expect(await send(signedRequest({ id: 'evt_c', data }))).toBe(401);
    expect(await send(signedRequest({ id: 'evt_d', by: secret, data, at: new Date(Date.now() - 301_000) }))).toBe(401);
    expect(await send(signedRequest({ id: 'test_1', by: secret, data }))).toBe(204);
  });
});
