// Alerts as webhooks, through Posthorn itself: each webhook channel has an endpoint of the system tenant, and a message is an
// event for this endpoint only. So they are signed, retried and visible like all others.

import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { StoredChannel } from '#db/alerts/channel-row';
import {
  ensureSystemTenant,
  forgetChannelEndpoint,
  leftOverEndpoints,
  readChannelEndpoint,
  setChannelEndpoint,
} from '#db/alerts/system-tenant';
import { readFirstAttempt } from '#db/alerts/webhook-attempts';
import { createEndpoint, readEndpoint, usualSettings } from '#db/endpoints/endpoints';
import { deleteEndpoint } from '#db/endpoints/pause-resume';
import type { Acceptance, EventToAccept } from '#db/events/acceptance';
import type { Db } from '#db/store/pool';
import { ChannelRefused } from '#domain/alerts/channel-refused';
import type { ChannelSettings } from '#domain/alerts/channel-settings';
import { systemTenantKey } from '#domain/endpoints/tenant';
import { standardBody, testId } from '#domain/events/event';
import { deliveryId, uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { sealTarget } from '#sealing/endpoint-target-encryption';
import { newSecret, sealSecret } from '#sealing/secret';
import type { Vault } from '#sealing/vault';
import { type Message, testText } from './message.ts';

export interface WebhookDeps {
  db: Db;
  vault: Vault;
  accept(tenant: string, events: EventToAccept[]): Promise<Acceptance[] | 'unknown_tenant'>;
  /** Cancels the delivery of a test that was refused. */
  cancel(deliveryId: string): Promise<unknown>;
}

const testWithinMs = 20_000;
const testExpiresAfterMs = 600_000;

/** Stores the message as an event. `id`: of the notification; the event of a repeat is a duplicate. */
export async function acceptWebhook(
  deps: WebhookDeps,
  channel: StoredChannel,
  settings: ChannelSettings,
  message: Message,
  id: string,
): Promise<string> {
  const endpointId = await endpointOf(deps, channel, settings);
  await accept(deps, eventOf(endpointId, typeOf(message), dataOf(message), id, null));
  return 'accepted for delivery';
}

/** Sends a test event and waits for the answer of its only attempt. Throws ChannelRefused. */
export async function testWebhook(deps: WebhookDeps, channel: StoredChannel, settings: ChannelSettings): Promise<string> {
  const endpointId = await endpointOf(deps, channel, settings);
  const expiresAt = new Date(Date.now() + testExpiresAfterMs).toISOString();
  const event = eventOf(endpointId, 'alert.test', { message: testText }, testId(uuidOf(newId('evt'))), expiresAt);
  await accept(deps, event);
  const delivery = deliveryId(event.eventId, endpointId);
  const deadline = performance.now() + testWithinMs;
  for (let pause = 20; performance.now() < deadline; pause = Math.min(pause * 1.5, 500)) {
    const attempt = await readFirstAttempt(deps.db, delivery);
    if (attempt?.outcome === 'accepted') return attempt.message;
    if (attempt) {
      await deps.cancel(delivery);
      throw new ChannelRefused('settings.url', attempt.message);
    }
    await delay(pause);
  }
  await deps.cancel(delivery);
  throw new ChannelRefused('settings.url', `was not asked within ${testWithinMs / 1_000} s; check that a worker is running`);
}

async function accept({ accept: store }: WebhookDeps, event: EventToAccept): Promise<void> {
  if ((await store(systemTenantKey, [event])) === 'unknown_tenant') throw new Error('the system tenant is missing');
}

function typeOf(message: Message): string {
  return message.kind === 'alert' ? `alert.${message.event}` : `alert.${message.kind}`;
}

function dataOf(message: Message): unknown {
  return message.kind === 'alert' ? message.alert : message.kind === 'digest' ? { alerts: message.alerts } : { message: testText };
}

function eventOf(endpointId: string, type: string, data: unknown, externalId: string, expiresAt: string | null): EventToAccept {
  const bodyTimestamp = new Date().toISOString();
  return {
    eventId: newId('evt'),
    externalId,
    type,
    channels: [],
    body: Buffer.from(standardBody(type, bodyTimestamp, JSON.stringify(data))),
    bodyTimestamp,
    // of the id alone: a repeat may show another count, and is a duplicate all the same
    contentHash: createHash('sha256').update(externalId).digest(),
    orderingKey: null,
    coalesceKey: null,
    version: null,
    deliverAt: null,
    expiresAt,
    onlyEndpointId: endpointId,
  };
}

/** The endpoint for the channel's present settings. Makes it, and deletes the one for earlier settings. */
async function endpointOf(deps: WebhookDeps, channel: StoredChannel, settings: ChannelSettings): Promise<string> {
  const { db } = deps;
  const known = await readChannelEndpoint(db, channel.id);
  if (known?.isCurrent && known.endpointId !== null && (await readEndpoint(db, known.endpointId))) return known.endpointId;
  await ensureSystemTenant(db);
  const endpointId = newId('ep');
  await createChannelEndpoint(deps, endpointId, channel, settings);
  const leftOver = await setChannelEndpoint(db, channel.id, channel.settingsVersion, endpointId, known?.endpointId ?? null);
  if (leftOver !== null) await deleteEndpoint(db, leftOver);
  if (leftOver !== endpointId) return endpointId;
  const other = await readChannelEndpoint(db, channel.id);
  if (!other?.endpointId) throw new Error('the channel was deleted');
  return other.endpointId;
}

async function createChannelEndpoint(
  { db, vault }: WebhookDeps,
  endpointId: string,
  channel: StoredChannel,
  { url = '', secret }: ChannelSettings,
) {
  const secretId = newId('sec');
  await createEndpoint(db, {
    endpointId,
    tenant: systemTenantKey,
    settings: {
      ...usualSettings,
      description: `alert channel ${channel.id}${channel.tenant === null ? '' : ` of ${channel.tenant}`}`,
      metadata: { alertChannel: channel.id },
    },
    target: sealTarget(vault, endpointId, { url, headers: {}, auth: null, tls: null }),
    secret: { secretId, sealed: sealSecret(vault, secretId, secret ?? newSecret(['whsec'], randomBytes(32))) },
  });
}

/** Deletes the endpoints of channels that were deleted. */
export async function dropLeftOvers({ db }: Pick<WebhookDeps, 'db'>): Promise<void> {
  for (const { channelId, endpointId } of await leftOverEndpoints(db)) {
    await deleteEndpoint(db, endpointId);
    await forgetChannelEndpoint(db, channelId);
  }
}
