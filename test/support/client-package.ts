// packages/client as it is installed from npm: built into a folder of its own.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const packed = join(root, 'packages/client');
export const tsc = join(root, 'node_modules/typescript/bin/tsc');

export interface InstalledClient {
  /** A project with the client in its node_modules. */
  folder: string;
  /** Of the client within it. */
  package: string;
  write(name: string, text: string): string;
  remove(): void;
}

export async function installClient(): Promise<InstalledClient> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-client-'));
  const target = join(folder, 'node_modules/@posthorn/client');
  await mkdir(target, { recursive: true });
  await run(process.execPath, [tsc, '-p', packed, '--outDir', join(target, 'dist')]);
  for (const name of ['package.json', 'outbox.sql']) await copyFile(join(packed, name), join(target, name));
  const { version } = JSON.parse(readFileSync(join(packed, 'package.json'), 'utf8'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', dependencies: { '@posthorn/client': version } }));
  return {
    folder,
    package: target,
    write(name, text) {
      const path = join(folder, name);
      mkdirSync(join(path, '..'), { recursive: true });
      writeFileSync(path, text);
      return path;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
