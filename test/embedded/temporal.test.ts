import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { expect, it, onTestFinished } from 'vitest';
import { startTemporal } from '#embedded/temporal';
import { ownPort } from '../support/own-port.ts';
import { until } from '../support/until.ts';
import { holdServers, killAllBut, processesOf, scratchFolder } from './scratch.ts';

async function attributesOf(address: string, namespace: string): Promise<string[]> {
  const connection = await Connection.connect({ address });
  try {
    return Object.keys((await connection.operatorService.listSearchAttributes({ namespace })).customAttributes ?? {});
  } finally {
    await connection.close();
  }
}

it('serves namespaces, search attributes and the Web UI, and adds attributes that an older file lacks', async () => {
  const dataDir = join(scratchFolder(), 'temporal');
  const first = await startTemporal({ dataDir, uiPort: 0, namespaces: ['t01'], searchAttributes: { PosthornTenant: 'Keyword' } });
  expect(await attributesOf(first.address, 't01')).toContain('PosthornTenant');
  await until('the Web UI', async () => (await fetch(first.uiUrl ?? '').catch(() => undefined))?.ok === true);
  await expect(startTemporal({ dataDir, searchAttributes: {} })).rejects.toThrow(/Temporal is already running on/);
  await first.stop();
  expect(await first.exited).toBeUndefined();
  expect(processesOf(dataDir)).toEqual([]);

  const searchAttributes = { PosthornTenant: 'Keyword', PosthornStatus: 'Keyword' } as const;
  const second = await startTemporal({ dataDir, searchAttributes });
  expect(second.uiUrl).toBeNull();
  expect(await attributesOf(second.address, 'default')).toEqual(expect.arrayContaining(['PosthornTenant', 'PosthornStatus']));
  await second.stop();
});

it('ends with the process that started it; the next start stops a server whose watcher was killed', async () => {
  const dataDir = join(scratchFolder(), 'temporal');
  const holder = await holdServers('', dataDir);
  process.kill(holder.pid, 'SIGKILL');
  await until('everything of the dead process to be gone', () => processesOf(dataDir).length === 0);

  await holdServers('', dataDir);
  const server = Number(readFileSync(join(dataDir, 'pid'), 'utf8'));
  killAllBut(server, dataDir);
  await until('only the orphan to be left', () => processesOf(dataDir).join() === String(server));
  const lines: string[] = [];
  const { stop } = await startTemporal({ dataDir, searchAttributes: {}, log: (line) => void lines.push(line) });
  expect(lines).toEqual([`stopping the Temporal server (pid ${server}) that an earlier run left behind`]);
  await stop();
  expect(processesOf(dataDir)).toEqual([]);
});

it('starts several at once, and takes the next free port when the wanted one is taken', async () => {
  // all want the same port at the same moment; none may take another's server for its own
  const port = await ownPort();
  const three = await Promise.all([1, 2, 3].map(() => startTemporal({ port, searchAttributes: {} })));
  expect(new Set(three.map(({ address }) => address)).size).toBe(3);
  await Promise.all(three.map(({ stop }) => stop()));

  const wanted = await ownPort();
  const squatter = createServer().listen(wanted, '127.0.0.1');
  onTestFinished(() => void squatter.close());
  const { address, stop } = await startTemporal({ port: wanted, searchAttributes: {} });
  onTestFinished(stop);
  const taken = Number(address.split(':')[1]);
  expect(taken).toBeGreaterThan(wanted);
  expect(taken).toBeLessThan(wanted + 100);
});
