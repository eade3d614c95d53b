// The program of one of several processes (src/app/processes.ts). It ends in order when the primary tells it to or is
// gone. Signals of a terminal are for the primary.
import { endWithinMs } from '#app/child-protocol';
import { openLog } from '#app/process-log';
import { serve } from '#app/serve';
import { connectToPrimary } from '#app/siblings';
import { start } from '#app/start';
import { readConfig, shutdownDelayMs } from '#config/config';
import { shareOfConfig } from '#config/processes';
import { exitCodeOf, printFailure } from './failure-text.ts';

let stop: () => Promise<void> = async () => undefined;
let isEnding = false;

function end(): void {
  if (isEnding) return;
  isEnding = true;
  setTimeout(() => process.exit(1), endWithinMs + shutdownDelayMs(readConfig())).unref();
  stop().then(
    () => process.exit(0),
    () => process.exit(1),
  );
}

process.on('SIGTERM', end);
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
// the primary is gone: killed, or told a second time to stop, which ends all at once
process.on('disconnect', () => {
  if (isEnding) process.exit(1);
  end();
});

async function run(): Promise<void> {
  const primary = connectToPrimary();
  const input = await primary.input();
  const { role, count, demo, embedded, isTerminal, port } = input;
  const config = shareOfConfig({ ...readConfig(), PORT: port }, count);
  const log = (await openLog(config)).child({ pid: process.pid });
  const siblings = primary.siblings(input, config.HOST, (stopOpened) => {
    stop = stopOpened;
  });
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  if (role === 'server') await serve(config, log, siblings);
  else await start(config, log, { demo, embedded, isTerminal, print, siblings, onFailure: () => undefined });
  await primary.ready(lines);
}

await run().catch((error) => {
  // what is being closed may fail what is still being opened
  if (isEnding) return;
  printFailure(error, process.env.LOG_LEVEL ?? 'info');
  process.exit(exitCodeOf(error));
});
