// Checks the disk of the embedded servers: the data folder and its free space.
import { access, constants, stat, statfs } from 'node:fs/promises';
import type { Context } from './context.ts';
import { type Finding, type Findings, wordsOf } from './finding.ts';
import type { Check } from './run-checks.ts';

export function diskChecks({ places: { dataDir }, limits }: Context): Check[] {
  return [
    {
      name: 'disk.dataFolder',
      run: (findings) => (dataDir === null ? notUsed(findings) : dataFolder(findings, dataDir, limits.freeBytes)),
    },
  ];
}

const notUsed = async ({ ok }: Findings) => ok('No data folder is used: PostgreSQL and Temporal are external.');

async function dataFolder({ ok, warning, error }: Findings, folder: string, least: { warning: number; error: number }): Promise<Finding[]> {
  try {
    if (!(await stat(folder)).isDirectory()) return error(`${folder} is not a folder.`, 'Set POSTHORN_DATA_DIR to a folder.');
    await access(folder, constants.W_OK);
  } catch (fault) {
    return error(
      `The data folder cannot be used: ${wordsOf(fault)}.`,
      'Set POSTHORN_DATA_DIR to a folder that you may write, or start Posthorn once.',
    );
  }
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const message = `${Math.floor(free / 2 ** 20)} MiB are free in ${folder}.`;
  const advice = 'Free some space, or move the folder: PostgreSQL stops accepting events when the disk is full.';
  if (free < least.error) return error(message, advice);
  return free < least.warning ? warning(message, advice) : ok(message);
}
