// What the forms of the portal send, without a browser.
import type { AlertChannel, Endpoint, Transform } from '@posthorn/client';
import { describe, expect, it } from 'vitest';
import { endpointChange, newEndpoint } from '#domain/endpoints/endpoint';
import { boundTemplate } from '#domain/endpoints/endpoint-transform';
import { standardBody } from '#domain/events/event';
import { compileShape } from '#domain/shaping/shape';
import { channelChangeOf, draftOfChannel, emptyChannel, newChannelOf } from '../../web/src/parts/channels/channel-draft.ts';
import { chatOf, chats, messageOf, presetDraftOf, receiverOf, transformOf } from '../../web/src/parts/messages/preset-draft.ts';
import {
  changeOf,
  draftOfEndpoint,
  emptyDraft,
  filterTextOf,
  hasTypes,
  newEndpointOf,
} from '../../web/src/portal/endpoints/endpoint-draft.ts';

const stored = {
  url: 'https://hooks.example.com/orders',
  description: 'Shop',
  eventTypes: ['order.*'],
  transform: null,
  headers: { 'x-team': '***' },
  rateLimit: { perSecond: 5 },
} as unknown as Endpoint;

describe('the form of an endpoint', () => {
  it('sends a new one without what was left empty', () => {
    const draft = { ...emptyDraft(), url: ' https://a.example.com ' };
    expect(newEndpointOf(draft)).toEqual({ url: 'https://a.example.com', eventTypes: [] });
    const full = {
      ...draft,
      allTypes: false,
      eventTypes: ['a.b'],
      perSecond: '0.5',
      headers: [{ id: 0, name: 'x-a', value: 'b' }],
      receiver: 'slack' as const,
    };
    expect(newEndpoint.parse(newEndpointOf(full))).toMatchObject({
      eventTypes: ['a.b'],
      rateLimit: { perSecond: 0.5 },
      headers: { 'x-a': 'b' },
      transform: { preset: 'slack' },
    });
  });

  it('sends only what has changed, and masked values as they are', () => {
    const before = draftOfEndpoint(stored, '{"data.id":9007199254740993}');
    expect(changeOf(before, before)).toEqual({});
    expect(changeOf({ ...before, description: '' }, before)).toEqual({ description: '' });
    const cleared = { ...before, perSecond: '', allTypes: true, filter: { text: '', nodes: [] }, headers: [] };
    expect(endpointChange.parse(changeOf(cleared, before))).toEqual({ rateLimit: null, eventTypes: [], filter: null, headers: {} });
    const added = [...before.headers, { id: 1, name: 'x-new', value: 'v' }];
    expect(changeOf({ ...before, headers: added }, before)).toEqual({ headers: { 'x-team': '***', 'x-new': 'v' } });
  });

  it('sends a type that was typed and not added, and never "only these" without any', () => {
    const some = { ...emptyDraft(), allTypes: false };
    expect(hasTypes(some)).toBe(false);
    expect(hasTypes({ ...some, pattern: ' a.* ' })).toBe(true);
    expect(newEndpointOf({ ...some, eventTypes: ['b.c'], pattern: ' a.* ' }).eventTypes).toEqual(['b.c', 'a.*']);
    expect(newEndpointOf({ ...some, eventTypes: ['b.c'], pattern: 'b.c' }).eventTypes).toEqual(['b.c']);
    expect(hasTypes(emptyDraft())).toBe(true);
  });

  it('keeps the numbers of a filter, and a transform that it does not show', () => {
    expect(filterTextOf('{"id":"ep_1","filter":{"data.id":9007199254740993}}')).toBe('{"data.id":9007199254740993}');
    expect(filterTextOf('{"id":"ep_1","filter":null}')).toBe('');
    const custom = draftOfEndpoint({ ...stored, transform: { template: { a: 1 } } }, '');
    expect(custom.receiver).toBe('other');
    expect(changeOf({ ...custom, description: 'x' }, custom)).toEqual({ description: 'x' });
    const half = { ...custom, filter: { text: '{"data.', nodes: null } };
    expect(changeOf(half, custom)).toHaveProperty('filter');
  });
});

describe('messages for chats', () => {
  const preset = { title: 'Order {{data.id}}', text: 'By {{data.who}}', link: 'https://a.example.com/{{data.id}}', others: {} };
  const fields = [
    { id: 0, label: 'Amount', value: '{{data.amount}}' },
    { id: 1, label: '', value: '' },
  ];

  it.each(chats)('are shown as %s shows them, and read again from what is stored', (chat) => {
    const transform = transformOf(chat, { ...preset, fields });
    const shape = compileShape({ layout: 1, template: boundTemplate(transform as never) });
    const data = JSON.stringify({ id: 7, who: 'Ada', amount: 12.5 });
    const body = JSON.parse(shape({ id: 'evt_1', version: null, body: standardBody('order.made', '2026-01-01T00:00:00.000Z', data) }));
    expect(messageOf(chat, body)).toEqual({
      title: 'Order 7',
      text: 'By Ada',
      fields: [{ label: 'Amount', value: '12.5' }],
      link: 'https://a.example.com/7',
    });
    expect(receiverOf(transform)).toBe(chat);
    expect(transformOf(chat, presetDraftOf(transform))).toEqual(transform);
  });

  it('keep the options of Discord that the form does not show', () => {
    const transform: Transform = { preset: 'discord', title: 'a', color: 255, username: 'Bot' };
    expect(transformOf('discord', presetDraftOf(transform))).toEqual(transform);
    expect(transformOf('slack', presetDraftOf(transform))).toEqual({ preset: 'slack', title: 'a' });
  });

  it('are proposed by the address', () => {
    expect(
      [
        'https://hooks.slack.com/services/x',
        'https://discord.com/api/webhooks/1/x',
        'https://a.logic.azure.com/x',
        'https://slack.example.com',
        'x',
      ].map(chatOf),
    ).toEqual(['slack', 'discord', 'teams', null, null]);
  });
});

describe('the form of an alert channel', () => {
  it('sends addresses one by one, and settings again only if they were typed', () => {
    const draft = { ...emptyChannel, to: 'a@example.com, b@example.com\nc@example.com', digestAt: '08:00' };
    expect(newChannelOf({ ...draft, tenant: 'acme' })).toMatchObject({
      tenant: 'acme',
      settings: { to: ['a@example.com', 'b@example.com', 'c@example.com'] },
      digest: { at: '08:00', only: false },
    });
    const wishes = { kinds: null, minSeverity: 'info', quietPeriod: '5m', digest: null };
    const channel = { tenant: 'acme', kind: 'slack', settings: { url: 'https://hooks.slack.com/***' }, ...wishes };
    const before = draftOfChannel(channel as unknown as AlertChannel);
    expect(channelChangeOf({ ...before, minSeverity: 'critical' }, before)).toEqual({ minSeverity: 'critical' });
    expect(channelChangeOf({ ...before, url: 'https://hooks.slack.com/new' }, before)).toMatchObject({
      settings: { url: 'https://hooks.slack.com/new' },
    });
    expect(newChannelOf({ ...draft, kind: 'pagerduty', routingKey: ' k ' })).toMatchObject({
      settings: { routingKey: 'k' },
      digest: null,
    });
    const pager = { ...channel, kind: 'pagerduty', settings: { url: 'https://events.eu.pagerduty.com/v2/enqueue', routingKey: '***' } };
    const pagerBefore = draftOfChannel(pager as unknown as AlertChannel);
    expect(channelChangeOf({ ...pagerBefore, routingKey: 'new' }, pagerBefore)).toMatchObject({
      settings: { routingKey: 'new', url: 'https://events.eu.pagerduty.com/v2/enqueue' },
    });
    expect(channelChangeOf({ ...pagerBefore, minSeverity: 'critical' }, pagerBefore)).not.toHaveProperty('settings');
    // without a tenant it is a channel of the operator
    expect(newChannelOf(draft)).not.toHaveProperty('tenant');
  });
});
