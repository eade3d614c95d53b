// Registers a relay in PostgreSQL, with what its process attempts, and renews its lease, on connections that no other work uses.
import { setTimeout as delay } from 'node:timers/promises';
import { freePumpedOf, passPumpedOn } from '#db/deliveries/pumped';
import { inheritFrom, type RelayChores, type RelayFacts, registerRelay, relaysOnHost, renewRelay } from '#db/events/relays';
import { Lease } from '#domain/relay-lease';
import { newId } from '#runtime/new-id';
import { isGone } from '#runtime/process-facts';
import type { PumpedInFlight } from './pump.ts';
import type { RelayDeps } from './relay-deps.ts';

type Deps = Pick<RelayDeps, 'db' | 'lease' | 'log' | 'processName' | 'place' | 'timings'>;

const inheritedAtOnce = 1_000;

/**
 * A lease under a new id. Undefined: PostgreSQL is away. The pumped deliveries that are in flight in this process get the
 * new lease: no other relay may take them over while their requests run.
 */
export async function register(
  { lease: db, log, processName, place, timings }: Deps,
  inFlight: PumpedInFlight,
): Promise<Lease | undefined> {
  const id = newId('rly');
  const beganAt = performance.now();
  try {
    await registerRelay(db, id, processName, place);
    if (inFlight.size > 0) await passPumpedOn(db, inFlight, id);
    for (const deliveryId of inFlight.keys()) inFlight.set(deliveryId, id);
  } catch (error) {
    log.warn({ err: error }, 'relay.not_registered');
    return undefined;
  }
  log.info({ relayId: id }, 'relay.begun');
  return new Lease(id, beganAt, timings.relay);
}

/**
 * Takes over the outbox rows of relays whose processes ran on this host and are gone, which usually is the process that ran
 * before this one. Nobody needs to wait until their leases expire. True: there were such relays; rejects if PostgreSQL is
 * away, and then the leases expire.
 */
export async function inherit({ db, log, place }: Deps, lease: Lease): Promise<boolean> {
  if (!place) return false;
  const gone = (await relaysOnHost(db, place)).filter((other) => isGone(other, place)).map(({ id }) => id);
  if (gone.length === 0) return false;
  let all = 0;
  for (let taken = 1; taken > 0 && lease.isFresh(performance.now()); all += taken) {
    taken = await inheritFrom(db, lease.id, gone, inheritedAtOnce);
  }
  await freePumpedOf(db, gone);
  log.info({ relayId: lease.id, gone: gone.length, events: all }, 'relay.inherited');
  return true;
}

/**
 * Tries once, and notes the result in the lease. `stopping`: the answer does not matter any more. Null: it is not renewed,
 * or not known to be.
 */
export async function renew(
  { lease: db, log, timings }: Deps,
  lease: Lease,
  facts: RelayFacts,
  stopping: AbortSignal,
): Promise<RelayChores | null> {
  const { fencedAfterMs, expiresAfterMs } = timings.relay;
  const sentAt = performance.now();
  // the lease has expired by then
  const tooLate = delay(fencedAfterMs, 'too late' as const, { signal: stopping }).catch(() => 'too late' as const);
  const renewed = await Promise.race([renewRelay(db, lease.id, facts, expiresAfterMs).catch((error: Error) => error), tooLate]);
  if (renewed === null) lease.lost();
  else if (renewed instanceof Error || renewed === 'too late') {
    if (!stopping.aborted) log.warn({ err: renewed, relayId: lease.id }, 'relay.not_renewed');
  } else {
    lease.renewed(sentAt, performance.now());
    return renewed;
  }
  return null;
}
