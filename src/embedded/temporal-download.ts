// Downloads the `temporal` command like Temporal's SDKs do: asks a service for the URL of the
// archive for this machine, then unpacks it.
import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { z } from 'zod';

const placeOf = z.object({ archiveUrl: z.url(), fileToExtract: z.string() });
const directoryTimeoutMs = 5_000;
const archiveTimeoutMs = 180_000;

export interface DownloadOptions {
  version: string;
  /** The URL of the service that returns the archive URLs. */
  directory: string;
  /** The folder for the archive and its content. */
  folder: string;
  log: (line: string) => void;
}

/** Returns the path of the command, below `folder`. Undefined: the download failed, for example without a network. */
export async function downloadTemporal({ version, directory, folder, log }: DownloadOptions): Promise<string | undefined> {
  try {
    const where = new URL(`${directory}/${version}`);
    where.search = new URLSearchParams({ platform: platform(), arch: arch() === 'x64' ? 'amd64' : arch(), format: 'tar.gz' }).toString();
    const answer = await fetch(where, { signal: AbortSignal.timeout(directoryTimeoutMs) });
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    const { archiveUrl, fileToExtract } = placeOf.parse(await answer.json());
    log(`downloading the Temporal server ${version}, once (about 50 MB)`);
    return await unpack(archiveUrl, fileToExtract, folder);
  } catch (error) {
    const { message, cause } = error instanceof Error ? error : new Error(String(error));
    log(`the Temporal server could not be downloaded: ${cause instanceof Error ? cause.message : message}`);
    return undefined;
  }
}

async function unpack(archiveUrl: string, file: string, folder: string): Promise<string> {
  const archive = join(folder, 'archive.tar.gz');
  const answer = await fetch(archiveUrl, { signal: AbortSignal.timeout(archiveTimeoutMs) });
  if (!answer.ok || answer.body === null) throw new Error(`HTTP ${answer.status}`);
  await pipeline(Readable.fromWeb(answer.body), createWriteStream(archive));
  await promisify(execFile)('tar', ['-xzf', archive, '-C', folder, file]);
  return join(folder, file);
}
