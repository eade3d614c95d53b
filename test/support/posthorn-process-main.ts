// The main program of a Posthorn process in chaos tests: `<role> [<checkpoint> [<n>]]`. It prints
// `listening <origin>`, and `ready` once its worker polls Temporal. When it reaches the checkpoint
// for the n-th time, it kills itself with SIGKILL. `TIMINGS`: its times; `WORKER`: more for its worker; both JSON.

import { flushCompileCache } from 'node:module';
import { openCore } from '#app/core';
import { listen } from '#app/listening';
import { openLog } from '#app/process-log';
import { startServer } from '#app/server';
import { requireKeys } from '#app/start';
import { installRuntime } from '#app/temporal-runtime';
import { startWorker } from '#app/worker';
import { readConfig } from '#config/config';
import type { Checkpoint } from '#runtime/checkpoints';
import { previousBuild } from './previous-build.ts';

const [role = 'all', dieAt, time = '1'] = process.argv.slice(2);
let left = Number(time);

async function reached(checkpoint: Checkpoint): Promise<void> {
  if (checkpoint !== dieAt || --left > 0) return;
  process.kill(process.pid, 'SIGKILL');
  await new Promise(() => undefined);
}

const { isPreviousBuild, pageSize } = JSON.parse(process.env.WORKER ?? '{}');
const otherBuild = isPreviousBuild ? previousBuild() : undefined;
const say = (line: string) => process.stdout.write(`${line}\n`);
const config = requireKeys(readConfig());
const log = await openLog(config);
installRuntime(log);
const listening = role === 'worker' ? undefined : await listen(config.HOST, config.PORT, undefined);
const origin = listening?.origin ?? `http://${config.HOST}:1`;
const core = await openCore(config, log, role === 'server' ? 'server' : 'worker', process.env.TIMINGS && JSON.parse(process.env.TIMINGS));
const worker = role === 'server' ? undefined : startWorker(core, origin, { reached, pageSize, otherBuild });
const closeServer = listening && startServer(core, { listening, temporalUiUrl: null, worker, reached });

process.once('SIGTERM', async () => {
  await closeServer?.();
  await worker?.stop();
  await core.close();
  process.exit(0);
});
say(`listening ${origin}`);
await worker?.ready;
say('ready');
// a killed process would not write its compile cache
flushCompileCache();
