// `posthorn reconcile`: starts at once what should be under way, and says so when there is no Temporal to start it in.
import { setTimeout as delay } from 'node:timers/promises';
import type { Core } from '#app/core';
import { sweepAll } from '#relay/sweep';
import { TemporalAway } from '#temporal/link';
import { NotReachable } from './not-reachable.ts';

const patienceMs = 10_000;

/** Throws NotReachable when Temporal is not there within 10 s, or goes away meanwhile: what is started by then stays started. */
export async function reconcile(core: Core, print: (line: string) => void): Promise<void> {
  const { TEMPORAL_ADDRESS: address = '127.0.0.1:7233' } = core.config;
  const enough = new AbortController();
  const connected = await Promise.race([core.link.connected, delay(patienceMs, null, { signal: enough.signal }).catch(() => null)]);
  enough.abort();
  if (!connected) {
    throw new NotReachable(
      `Temporal at ${address} was not reached within ${patienceMs / 1_000} s. Check TEMPORAL_ADDRESS, and repeat this.`,
    );
  }
  try {
    const { deliveries, lanes } = await sweepAll(core);
    print(`${deliveries} deliveries and ${lanes} lanes started or found under way`);
  } catch (error) {
    if (!(error instanceof TemporalAway)) throw error;
    throw new NotReachable(`Temporal at ${address} went away before all was started. Repeat this: what is under way stays so.`, {
      cause: error,
    });
  }
}
