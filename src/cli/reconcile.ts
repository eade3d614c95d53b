// `posthorn reconcile`: starts every overdue delivery and lane at once, and reports if Temporal is
// away. It can be repeated at any time: workflows that are open already are left alone.
import { setTimeout as delay } from 'node:timers/promises';
import type { Core } from '#app/core';
import { sweepAll } from '#relay/sweep';
import { TemporalAway } from '#temporal/link';
import { NotReachable } from './not-reachable.ts';

const timeoutMs = 10_000;

/**
 * Throws NotReachable if Temporal does not answer within 10 s, or goes away meanwhile. Workflows started by then stay
 * started.
 */
export async function reconcile(core: Core, print: (line: string) => void): Promise<void> {
  const { TEMPORAL_ADDRESS: address = '127.0.0.1:7233' } = core.config;
  const enough = new AbortController();
  const connected = await Promise.race([core.link.connected, delay(timeoutMs, null, { signal: enough.signal }).catch(() => null)]);
  enough.abort();
  if (!connected) {
    throw new NotReachable(
      `Temporal at ${address} did not answer within ${timeoutMs / 1_000} s. Check TEMPORAL_ADDRESS, then run this command again.`,
    );
  }
  try {
    const { deliveries, lanes } = await sweepAll(core);
    print(`${deliveries} deliveries and ${lanes} lanes started or already running`);
  } catch (error) {
    if (!(error instanceof TemporalAway)) throw error;
    throw new NotReachable(
      `Temporal at ${address} stopped answering before everything was started. Run this command again: what is running stays running.`,
      {
        cause: error,
      },
    );
  }
}
