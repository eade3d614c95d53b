// The process that `npm run dev` restarts: all of Posthorn on the stores that bin/dev.ts keeps. It
// gets their addresses as its first message, and ends with bin/dev.ts.
import { once } from 'node:events';
import type { EmbeddedConfig } from '#app/embedded-config';
import { start } from '#app/start';
import { ConfigError, readConfig } from '#config/config';
import { createLogger } from '#runtime/logger';

/** The first message to this process. */
export interface DevInput {
  embedded: EmbeddedConfig;
  demo: boolean;
}
/** The only message from it, once it is ready: the addresses and the first commands. */
export type DevReady = string[];

let stop: () => Promise<void> = async () => undefined;
const end = () =>
  stop().then(
    () => process.exit(0),
    () => process.exit(1),
  );
process.on('SIGTERM', end);
// bin/dev.ts is gone, perhaps killed
process.on('disconnect', end);
// Ctrl-C of a terminal reaches this process too if a debugger has started bin/dev.ts; bin/dev.ts decides
process.on('SIGINT', () => undefined);

try {
  const [{ embedded, demo }] = (await once(process, 'message')) as [DevInput];
  const config = readConfig();
  const lines: DevReady = [];
  const isTerminal = process.stdout.isTTY === true;
  const print = (line: string) => void lines.push(line);
  stop = await start(config, createLogger(config.LOG_LEVEL), { demo, embedded, print, isTerminal, onFailure: () => undefined });
  process.send?.(lines);
} catch (error) {
  process.stderr.write(`${error instanceof ConfigError ? error.message : (error as Error).stack}\n`);
  process.exit(1);
}
