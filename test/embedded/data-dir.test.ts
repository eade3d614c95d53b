import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { openDataDir } from '#embedded/data-dir';
import { startEmbedded } from '#embedded/embedded-stores';
import { LockHeldError, takeLock } from '#embedded/lock-file';
import { explainFolderError, folderErrorFromText, StartError } from '#embedded/start-error';
import { commandLine, processStart } from '#runtime/process-facts';
import { processesOf, scratchFolder } from './scratch.ts';

it('creates the folder and its secrets once, readable only by the owner', async () => {
  const path = join(scratchFolder(), 'a/b');
  const first = await openDataDir(path);
  const file = join(path, 'api-key');
  expect(first.readOrCreateSecret('api-key', () => 'made once')).toEqual({ secret: 'made once', file, isNew: true });
  expect(first.readOrCreateSecret('api-key', () => 'made twice')).toEqual({ secret: 'made once', file, isNew: false });
  first.close();
  const second = await openDataDir(path);
  expect(second.readOrCreateSecret('api-key', () => 'made twice')).toEqual({ secret: 'made once', file, isNew: false });
  second.close();
  expect(statSync(join(path, 'api-key')).mode & 0o777).toBe(0o600);
  expect(statSync(path).mode & 0o666).toBe(0o600);
});

it('refuses a second opener and names the pid and address of the first, and takes over the lock of a killed one', async () => {
  const path = join(scratchFolder(), 'data');
  const open = await openDataDir(path);
  open.announce('http://127.0.0.1:8080');
  await expect(openDataDir(path)).rejects.toThrow(
    `Posthorn is already running on ${path} with pid ${process.pid}, see http://127.0.0.1:8080. To start another one, set POSTHORN_DATA_DIR to another folder.`,
  );
  open.close();

  const dead = spawn('/bin/true');
  await new Promise((resolve) => dead.once('exit', resolve));
  // pid 1 runs, but with another start time: this stands for a reused pid
  for (const stale of [`${dead.pid} 123\n`, '1 123\n', 'garbage\n', '']) {
    writeFileSync(join(path, 'lock'), stale);
    (await openDataDir(path)).close();
  }
});

it('waits for a killed holder that is not gone yet', async () => {
  const file = join(scratchFolder(), 'lock');
  // closing many files takes a dying process some time after its memory is freed
  const script = `for (let i = 0; i < 900; i++) fs.openSync('/dev/null'); console.log(); setInterval(() => undefined, 60_000)`;
  for (let round = 0; round < 10; round++) {
    const holder = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void holder.kill('SIGKILL'));
    await once(holder.stdout, 'data');
    const pid = holder.pid ?? 0;
    writeFileSync(file, `${pid} ${processStart(pid)}\n`);
    await expect(takeLock(file)).rejects.toThrow(LockHeldError);
    holder.kill('SIGKILL');
    while (commandLine(pid) !== undefined) await nextTurn();
    (await takeLock(file)).release();
  }
});

it('lets exactly one of many concurrent calls take a stale lock', async () => {
  const file = join(scratchFolder(), 'lock');
  writeFileSync(file, '1 123\n');
  const taken = await Promise.allSettled(Array.from({ length: 20 }, () => takeLock(file)));
  expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

it('reports in one message that the folder cannot be written', async () => {
  const folder = scratchFolder();
  writeFileSync(join(folder, 'file'), '');
  for (const name of ['file', 'file/below']) {
    await expect(openDataDir(join(folder, name))).rejects.toThrow(/^The data folder .* cannot be used: a file is in its place\. Fix this/);
  }
  const full = Object.assign(new Error('write'), { code: 'ENOSPC' });
  expect(explainFolderError(full, '/data')).toEqual(
    new StartError('The data folder /data cannot be used: the disk is full. Fix this, or set POSTHORN_DATA_DIR to another folder.'),
  );
  expect(folderErrorFromText('FATAL:  could not write lock file: No space left on device', '/data')?.message).toMatch(/the disk is full/);
});

it.runIf(canMount())('reports a disk that is really full, and a read-only one', async () => {
  const folder = join(scratchFolder(), 'disk');
  mkdirSync(folder);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m,mode=755', 'tmpfs', folder]);
  onTestFinished(() => void execFileSync('umount', [folder]));
  const dataDir = await openDataDir(join(folder, 'data'));
  const needs = { needPostgres: true, needTemporal: true, temporalUiPort: 0, searchAttributes: {} };
  await expect(startEmbedded({ dataDir, ...needs })).rejects.toThrow(/^The data folder .* cannot be used: the disk is full\./);
  expect(processesOf(folder)).toEqual([]);
  dataDir.close();
  execFileSync('mount', ['-o', 'remount,ro', folder]);
  await expect(openDataDir(join(folder, 'data'))).rejects.toThrow(/cannot be used: it is on a read-only file system\./);
});

it('starts both servers on the folder, stops both, and releases the lock', async () => {
  const path = join(scratchFolder(), 'data');
  const dataDir = await openDataDir(path);
  const searchAttributes = { PosthornTenant: 'Keyword' } as const;
  const stores = await startEmbedded({ dataDir, needPostgres: true, needTemporal: true, temporalUiPort: 0, searchAttributes });
  expect(stores.databaseUrl).toMatch(/^postgres:\/\/postgres:[0-9a-f]{48}@127\.0\.0\.1:\d+\/postgres$/);
  expect(stores.temporalAddress).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(stores.temporalUiUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  process.kill(Number(readFileSync(join(path, 'temporal/pid'), 'utf8')), 'SIGTERM');
  expect((await stores.failed).message).toMatch(/Temporal stopped unexpectedly/);
  await stores.stop();
  dataDir.close();
  expect(processesOf(path)).toEqual([]);
  expect(existsSync(join(path, 'lock'))).toBe(false);
});

function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  try {
    execFileSync('unshare', ['-m', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
