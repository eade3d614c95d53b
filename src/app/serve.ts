// `server`: only the API.
import type { Config } from '#config/config';
import type { Logger } from '#runtime/logger';
import { openCore } from './core.ts';
import { listen } from './listening.ts';
import { startServer } from './server.ts';
import type { Siblings } from './siblings.ts';
import { requireKeys } from './start.ts';
import { installRuntime } from './temporal-runtime.ts';

/** Serves until the returned function is called. */
export async function serve(config: Config, log: Logger, siblings?: Siblings): Promise<() => Promise<void>> {
  installRuntime(log);
  const core = await openCore(requireKeys(config), log, 'server');
  const listening = siblings?.listening ?? (await listen(config.HOST, config.PORT, config.POSTHORN_PUBLIC_URL));
  const temporalUiUrl = config.TEMPORAL_UI_URL ?? null;
  const closeServer = startServer(core, { listening, temporalUiUrl, worker: undefined, siblings });
  const stop = async () => {
    await closeServer();
    await core.close();
  };
  siblings?.opened(stop);
  await listening.opened;
  await siblings?.serving();
  return stop;
}
