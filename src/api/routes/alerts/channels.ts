// /v1/alert-channels: create, list, read, change, delete and test the channels that alerts are sent to.

import { z } from 'zod';
import type { StoredChannel } from '#db/alerts/channel-row';
import { changeChannel, createChannel, deleteChannel, listChannels, mostChannels, readChannel } from '#db/alerts/channels';
import { appendAudit } from '#db/audit/audit';
import { seesOnlyOwners } from '#domain/access/access';
import { changedFields, withoutSecrets } from '#domain/access/audit';
import { channelChange, channelTest, channelView, newChannel, noDigest, usualQuietPeriod } from '#domain/alerts/channel';
import { ChannelRefused } from '#domain/alerts/channel-refused';
import { tenantKey } from '#domain/endpoints/tenant';
import { isId } from '#domain/ids';
import { openChannelSettings } from '#sealing/channel-settings';
import { tenantMeant } from '../../access/grant-limits.ts';
import * as examples from '../../examples/alerts.ts';
import { listQuery, pageAnswer, pageOf } from '../../http/page.ts';
import { invalid, notFound, Problem } from '../../http/problem.ts';
import { answer, noContent, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';
import { checkSettings, requireOperator, showChannel, tagsOfChannel, toWrite, wishesOf, withSecret } from './channel-contents.ts';

const params = z.strictObject({ channel: z.string().refine((id) => isId('ach', id)) });

export function alertChannelRoutes(deps: ApiDeps): Route[] {
  return [create(deps), list(deps), read(deps), change(deps), remove(deps), test(deps)];
}

const create = (deps: ApiDeps) =>
  route({
    method: 'post',
    path: '/v1/alert-channels',
    operationId: 'createAlertChannel',
    summary: 'Create an alert channel',
    description:
      'Alerts of the tenant are sent to it from now on. Without a tenant it is a channel of the operator, which gets the alerts of all tenants and those about the installation. The answer shows the secret of a webhook, which is shown only once. 409 if there are 20 channels of the tenant, or of the operator, already.',
    scope: 'endpoints:write',
    audit: 'alert_channel.create',
    body: newChannel,
    bodyExample: examples.newChannelExample,
    answers: { 201: { description: 'The channel.', schema: channelView, example: examples.channelExample } },
    problems: [404],
    async handler({ body, caller, ids, audit }) {
      const { tenant: named, kind, kinds = null, minSeverity = 'info', quietPeriod = usualQuietPeriod, digest = null } = body;
      const tenant = await tenantMeant(deps.db, caller, named ?? undefined);
      requireOperator(caller, tenant?.id ?? null);
      checkSettings(deps, kind, body.settings);
      const settings = withSecret(kind, body.settings);
      const channelId = ids.next('ach');
      const wishes = { kinds, minSeverity, quietPeriod, digest };
      const toMake = { channelId, tenantId: tenant?.id ?? null, kind, ...toWrite(deps, channelId, settings, wishes) };
      const made = await createChannel(deps.db, toMake, withoutSecrets({ kind, ...wishes }), audit);
      if (!made)
        throw new Problem(409, `There are ${mostChannels} alert channels already, which is the limit. Delete one first.`, {
          code: 'limit_reached',
        });
      const { secret } = openChannelSettings(deps.vault, made.id, made.sealed);
      const shown = showChannel(deps, made);
      return answer(201, { ...shown, settings: { ...shown.settings, ...(secret !== undefined && { secret }) } });
    },
  });

const list = (deps: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/alert-channels',
    operationId: 'listAlertChannels',
    summary: 'List alert channels',
    description: 'Newest first. Secrets are masked.',
    scope: 'endpoints:read',
    query: listQuery('ach').extend({ tenant: tenantKey.optional().describe('Only channels of this tenant.') }),
    answers: {
      200: {
        description: 'A page of channels.',
        schema: pageOf(channelView),
        example: { data: [examples.channelExample], nextCursor: null },
      },
    },
    async handler({ query: { tenant, cursor, limit }, caller }) {
      const meant = await tenantMeant(deps.db, caller, tenant);
      const rows = await listChannels(deps.db, meant?.id ?? null, seesOnlyOwners(caller), cursor ?? null, limit + 1);
      return pageAnswer(rows, limit, (row) => showChannel(deps, row));
    },
  });

const read = (deps: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/alert-channels/:channel',
    operationId: 'getAlertChannel',
    summary: 'Read an alert channel',
    description: 'Secrets are masked. `lastError` says why the last message could not be sent.',
    scope: 'endpoints:read',
    params,
    answers: { 200: { description: 'The channel.', schema: channelView, example: examples.channelExample } },
    async handler({ params: { channel }, caller }) {
      const found = await readChannel(deps.db, channel, seesOnlyOwners(caller));
      if (!found) throw notFound('channel');
      return answer(200, showChannel(deps, found));
    },
  });

const change = (deps: ApiDeps) =>
  route({
    method: 'patch',
    path: '/v1/alert-channels/:channel',
    operationId: 'changeAlertChannel',
    summary: 'Change an alert channel',
    description:
      'Changes only the given fields. `settings` replaces all settings, so send secrets again; a webhook without a secret keeps the stored one.',
    scope: 'endpoints:write',
    audit: 'alert_channel.change',
    heedsIfMatch: true,
    params,
    body: channelChange,
    bodyExample: examples.channelChangeExample,
    answers: { 200: { description: 'The changed channel.', schema: channelView, example: examples.changedChannelExample } },
    async handler({ params: { channel }, body, caller, audit, requireMatch }) {
      const { settings: given, ...wished } = body;
      const changed = await changeChannel(
        deps.db,
        channel,
        seesOnlyOwners(caller),
        (before) => {
          requireMatch(() => tagsOfChannel(deps, before));
          const stored = openChannelSettings(deps.vault, before.id, before.sealed);
          if (given) checkSettings(deps, before.kind, given);
          if (wished.digest && before.kind === 'pagerduty') throw invalid([{ path: 'digest', message: noDigest }]);
          const settings = given ? { ...(stored.secret !== undefined && { secret: stored.secret }), ...given } : stored;
          const [was, wishes] = [wishesOf(before), { ...wishesOf(before), ...wished }];
          const newSettings = JSON.stringify(settings) !== JSON.stringify(stored);
          const fields = changedFields(['settings', ...Object.keys(wished)], { settings: stored, ...was }, { settings, ...wishes });
          return { write: toWrite(deps, before.id, settings, wishes), newSettings, audit: fields };
        },
        audit,
      );
      if (!changed) throw notFound('channel');
      return answer(200, showChannel(deps, changed));
    },
  });

const remove = (deps: ApiDeps) =>
  route({
    method: 'delete',
    path: '/v1/alert-channels/:channel',
    operationId: 'deleteAlertChannel',
    summary: 'Delete an alert channel',
    description: 'Nothing more is sent to it, not even what was waiting.',
    scope: 'endpoints:write',
    audit: 'alert_channel.delete',
    heedsIfMatch: true,
    params,
    answers: { 204: { description: 'The channel is deleted.' } },
    async handler({ params: { channel }, caller, audit, requireMatch }) {
      const check = (before: StoredChannel) => requireMatch(() => tagsOfChannel(deps, before));
      if (!(await deleteChannel(deps.db, channel, seesOnlyOwners(caller), audit, check))) throw notFound('channel');
      return noContent;
    },
  });

const test = (deps: ApiDeps) =>
  route({
    method: 'post',
    path: '/v1/alert-channels/:channel/test',
    operationId: 'testAlertChannel',
    summary: 'Test an alert channel',
    description:
      'Sends a test message at once and answers with what the other side said. 422 if it refuses or cannot be reached. PagerDuty gets an incident that is resolved at once.',
    scope: 'endpoints:write',
    audit: 'alert_channel.test',
    params,
    answers: { 200: { description: 'The message was accepted.', schema: channelTest, example: examples.channelTestExample } },
    problems: [422],
    async handler({ params: { channel }, caller, audit }) {
      const found = await readChannel(deps.db, channel, seesOnlyOwners(caller));
      if (!found) throw notFound('channel');
      const beganMs = performance.now();
      const said = await deps.alertChannels.test(found).catch((error: unknown) => {
        throw error instanceof ChannelRefused ? invalid([{ path: error.field, message: error.message }]) : error;
      });
      const { tenantId } = found;
      await appendAudit(deps.db, audit, {
        tenantId,
        target: { kind: 'alert_channel', id: channel },
        before: null,
        after: { kind: found.kind },
      });
      return answer(200, { answer: said, tookMs: Math.round(performance.now() - beganMs) });
    },
  });
