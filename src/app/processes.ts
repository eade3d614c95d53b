// `start` and `server` on several cores: this primary process opens embedded stores and the port, and runs the role in
// several processes behind it (docs/decisions/0038). It opens no connection to the stores.
import { setTimeout as delay } from 'node:timers/promises';
import { type Config, shutdownDelayMs } from '#config/config';
import { openDataDir } from '#embedded/data-dir';
import type { Logger } from '#runtime/logger';
import { type Closers, openInOrder } from '#runtime/open-in-order';
import { endWithinMs, type Role } from './child-protocol.ts';
import { Children } from './children.ts';
import { type EmbeddedConfig, needsEmbedded, nothingEmbedded, startStores } from './embedded-config.ts';
import { SharedPort } from './shared-port.ts';
import type { StartOptions } from './start.ts';

export interface ProcessesOptions extends Pick<StartOptions, 'demo' | 'isTerminal' | 'print' | 'onFailure'> {
  /** 2 or more. */
  count: number;
  /** The program of a child. */
  program: string;
}

/**
 * Resolves when all processes serve. The returned function stops everything, in reverse order. Prints the addresses once
 * all workers poll Temporal.
 */
export async function startProcesses(role: Role, config: Config, log: Logger, options: ProcessesOptions): Promise<() => Promise<void>> {
  return openInOrder((closers) => open(role, config, log, options, closers));
}

async function open(role: Role, config: Config, log: Logger, options: ProcessesOptions, closers: Closers): Promise<void> {
  const { count, demo, isTerminal, print, onFailure, program } = options;
  const dataDir = role === 'start' && needsEmbedded(config) ? await openDataDir(config.POSTHORN_DATA_DIR) : null;
  if (dataDir) closers.push(dataDir.close);
  const port = await SharedPort.open(config);
  closers.push(port.close);
  const stores = dataDir && (await startStores(config, dataDir, print));
  if (stores) closers.push(stores.stop);
  const { settings, apiKey, temporalAddress, temporalCommand, temporalUiUrl }: EmbeddedConfig = stores ?? nothingEmbedded;
  const embedded = { settings, apiKey, temporalAddress, temporalCommand, temporalUiUrl };
  const delayMs = shutdownDelayMs(config);
  const input = { role, count, demo, isTerminal, embedded };
  const children = new Children({ program, input, port, endWithinMs: endWithinMs + delayMs, log });
  closers.push(async () => {
    // each of them takes connections for a little longer than the port does
    const stopped = children.stop();
    if (delayMs > 0) await delay(delayMs);
    port.close();
    await stopped;
  });
  await children.start();
  dataDir?.announce(port.origin);
  void stores?.failed.then(onFailure);
  void children.ready().then((lines) => lines.forEach(print));
}
