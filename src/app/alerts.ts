// Alerts in this process: their channels, their periodic work, and the watch over PostgreSQL.
import { hostname } from 'node:os';
import { createAlertChores } from '#alerts/alert-chores';
import { type ChannelSender, createChannelSender } from '#alerts/channel-sender';
import { createMailer } from '#alerts/email';
import { watchForOutage } from '#alerts/outage-watch';
import type { Chore } from '#chores/chores';
import { disableAfterMs } from '#config/config';
import { version } from '#config/package';
import { createAddressGuard } from '#outbound/address-guard';
import { createSender } from '#outbound/send';
import { createIngest } from '#relay/ingest';
import { temporalTrouble } from '#temporal/link';
import type { Core } from './core.ts';
import { openOutboundConfig } from './outbound-config.ts';

export interface Alerts {
  channels: ChannelSender;
  hasMailer: boolean;
  chores: Chore[];
  /** Over PostgreSQL. */
  watch: { stop(): Promise<void> };
  /** Call it when the chores and the watch have stopped. Messages in flight are cut off. */
  close(): Promise<void>;
}

export function openAlerts(core: Core, publicOrigin: string): Alerts {
  const { config, db, log, vault, contents, parking, giveCommand, timings, link } = core;
  const sender = createSender({
    guard: createAddressGuard({ allowCidrs: config.POSTHORN_ALLOW_CIDRS, ownOrigin: publicOrigin }),
    userAgent: `Posthorn/${version}`,
    ...openOutboundConfig(config, publicOrigin),
  });
  const mailer = config.POSTHORN_SMTP_URL === undefined ? null : createMailer(config.POSTHORN_SMTP_URL, config.POSTHORN_SMTP_FROM);
  const channels = createChannelSender({
    db,
    vault,
    sender,
    mailer,
    accept: createIngest({ db, contents, relay: undefined, parking }),
    cancel: (deliveryId) => giveCommand(deliveryId, { kind: 'cancel' }),
  });
  let checkedAtMs = Number.NEGATIVE_INFINITY;
  const shared = { db, channels, log, timings: timings.alerts };
  const watch = watchForOutage({
    ...shared,
    db: core.shares.lease,
    processName: `${hostname()} ${process.pid}`,
    checkedAtMs: () => checkedAtMs,
  });
  const ran = () => {
    checkedAtMs = performance.now();
  };
  return {
    channels,
    hasMailer: mailer !== null,
    chores: createAlertChores({ ...shared, disableAfterMs: disableAfterMs(config), temporalTrouble: () => temporalTrouble(link), ran }),
    watch,
    async close() {
      mailer?.close();
      sender.cut();
      await sender.close();
    },
  };
}
