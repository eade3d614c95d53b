// The parts of a worker that make attempts: sender, slots, poster, recorder, watches and engine.
// Created once per process. Relay, lane drains and activities share them.

import { createBoundRows } from '#attempts/bound-rows';
import { Engine } from '#attempts/engine';
import type { FirstAttemptsInFlight } from '#attempts/first-attempter';
import { LaneWatch } from '#attempts/lane-watch';
import { createParkDelivery } from '#attempts/park-delivery';
import { createPoster } from '#attempts/poster';
import { PumpedDue } from '#attempts/pumped-due';
import { Recorder } from '#attempts/recorder';
import { ReservedSlots } from '#attempts/reserved-slots';
import { createSlots } from '#attempts/slots';
import { createStallWatch } from '#attempts/stall-watch';
import { tracePoster } from '#attempts/traced-poster';
import { disableAfterMs } from '#config/config';
import { version } from '#config/package';
import type { Sizing } from '#config/sizing';
import { createModeSwitch } from '#domain/events/dispatch-mode';
import { toListeners } from '#listen/to-listeners';
import { createAddressGuard } from '#outbound/address-guard';
import { authenticating } from '#outbound/authenticating';
import { createSender } from '#outbound/send';
import type { Reached } from '#runtime/checkpoints';
import type { Core } from './core.ts';
import { openOutboundConfig } from './outbound-config.ts';

export type AttemptParts = ReturnType<typeof openAttemptParts>;

export function openAttemptParts(core: Core, publicOrigin: string, { places: limits, budget }: Sizing, reached?: Reached) {
  const { config, shares, contents, log, parking, timings, vault, waker } = core;
  const db = shares.attempts;
  const sender = createSender({
    guard: createAddressGuard({ allowCidrs: config.POSTHORN_ALLOW_CIDRS, ownOrigin: publicOrigin }),
    userAgent: `Posthorn/${version}`,
    // endpoints of many tenants may share an origin, so requests in flight are limited by slots and not by connections
    maxConnectionsPerOrigin: limits.process,
    ...openOutboundConfig(config, publicOrigin),
  });
  const listened = toListeners({ db, vault, sender, timings: timings.listen });
  const authenticated = authenticating(listened);
  const defaultRetry = config.POSTHORN_RETRY_SCHEDULE;
  const metrics = core.telemetry.attempts;
  const modes = createModeSwitch(config.POSTHORN_DISPATCH, { ...budget, calmAfterMs: timings.relay.calmAfterMs });
  const slots = createSlots(limits);
  const laneWatch = new LaneWatch({ db, lease: shares.lease, waker, log, disableAfterMs: disableAfterMs(config), timings: timings.lanes });
  const poster = createPoster({ db, vault, sender: authenticated, contents, log, defaultRetry, metrics, reached });
  const shared = {
    slots,
    reserved: new ReservedSlots(slots),
    poster: core.tracing ? tracePoster(poster, core.tracing) : poster,
    recorder: new Recorder(shares.recording, contents, log),
    boundRows: createBoundRows(shares.recording, timings.firstAttempt.leaseMarginMs),
    stallWatch: createStallWatch(timings.stall),
    laneWatch,
    isRecalled: (eventId: string) => laneWatch.isRecalled(eventId),
    firstInFlight: new Map() as FirstAttemptsInFlight,
    budget: modes,
    metrics,
    pumpedDue: new PumpedDue(),
    log,
    reached,
  };
  const parkDelivery = createParkDelivery({ db, lanes: laneWatch, tellLanes: parking.tell });
  return { sender, authenticated, listened, modes, shared, engine: new Engine({ ...shared, db, limits, parkDelivery }) };
}
