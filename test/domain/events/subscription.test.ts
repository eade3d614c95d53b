import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventTypeName, eventTypePattern } from '#domain/events/event-type';
import { judge } from '#domain/events/subscription';
import { EventContent, Filter } from '#domain/filters/filter';

const word = fc.stringMatching(/^[A-Za-z0-9_-]{1,6}$/);
const type = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join('.'));
const channels = fc.array(fc.stringMatching(/^[a-c]{1,2}$/), { maxLength: 3 });

const byType = (eventTypes: string[], eventType: string) =>
  judge({ eventTypes, channels: [], filter: null }, { type: eventType, channels: [], content: null });
const byChannel = (wanted: string[], carried: string[]) =>
  judge({ eventTypes: [], channels: wanted, filter: null }, { type: 'order.created', channels: carried, content: null });

describe('judge by event type', () => {
  it.each([
    [[], 'order.created', 'wanted'],
    [['*'], 'order.created', 'wanted'],
    [['order.created'], 'order.created', 'wanted'],
    [['order.created'], 'order.updated', 'event_type_not_subscribed'],
    [['order.created'], 'order.created.late', 'event_type_not_subscribed'],
    [['order.created'], 'Order.created', 'event_type_not_subscribed'],
    [['order'], 'order.created', 'event_type_not_subscribed'],
    [['order.*'], 'order.created', 'wanted'],
    [['order.*'], 'order.line.added', 'wanted'],
    [['order.*'], 'order', 'event_type_not_subscribed'],
    [['order.*'], 'orders.created', 'event_type_not_subscribed'],
    [['order.*'], 'my.order.created', 'event_type_not_subscribed'],
    [['order.line.*'], 'order.line.added', 'wanted'],
    [['order.line.*'], 'order.created', 'event_type_not_subscribed'],
    [['invoice.paid', 'order.*'], 'order.created', 'wanted'],
    [['invoice.paid', 'order.shipped'], 'order.created', 'event_type_not_subscribed'],
  ])('%j and %s: %s', (patterns, eventType, verdict) => {
    expect(byType(patterns, eventType)).toBe(verdict);
  });

  it('an exact type matches only itself', () => {
    fc.assert(
      fc.property(type, type, (one, other) => {
        expect(byType([one], one)).toBe('wanted');
        expect(byType([one], other)).toBe(one === other ? 'wanted' : 'event_type_not_subscribed');
      }),
    );
  });

  it('a prefix matches everything below it, and * matches everything', () => {
    fc.assert(
      fc.property(type, type, (prefix, rest) => {
        expect(byType([`${prefix}.*`], `${prefix}.${rest}`)).toBe('wanted');
        expect(byType([`${prefix}.*`], prefix)).toBe('event_type_not_subscribed');
        expect(byType([`${prefix}.*`], `${prefix}${rest}`)).toBe('event_type_not_subscribed');
        expect(byType(['*'], rest)).toBe('wanted');
        expect(byType([], rest)).toBe('wanted');
      }),
    );
  });

  it('every type and every prefix of a type is a valid pattern', () => {
    fc.assert(
      fc.property(type, (name) => {
        expect(eventTypeName.safeParse(name).success).toBe(true);
        for (const pattern of [name, `${name}.*`, '*']) expect(eventTypePattern.safeParse(pattern).success).toBe(true);
        for (const pattern of [`*.${name}`, `${name}*`, `${name}.*.${name}`, `.${name}`, `${name}.`])
          expect(eventTypePattern.safeParse(pattern).success).toBe(false);
      }),
    );
  });
});

describe('judge by channel', () => {
  it.each([
    [[], [], 'wanted'],
    [[], ['eu'], 'wanted'],
    [['eu'], ['eu'], 'wanted'],
    [['eu', 'us'], ['us', 'asia'], 'wanted'],
    [['eu'], [], 'channel_not_subscribed'],
    [['eu'], ['us'], 'channel_not_subscribed'],
    [['eu'], ['EU'], 'channel_not_subscribed'],
    [['*'], ['eu'], 'channel_not_subscribed'],
  ])('%j and %j: %s', (wanted, carried, verdict) => {
    expect(byChannel(wanted, carried)).toBe(verdict);
  });

  it('an event is wanted exactly if no channels are subscribed, or if one is in common', () => {
    fc.assert(
      fc.property(channels, channels, (wanted, carried) => {
        const common = wanted.length === 0 || carried.filter((channel) => wanted.includes(channel)).length > 0;
        expect(byChannel(wanted, carried)).toBe(common ? 'wanted' : 'channel_not_subscribed');
      }),
    );
  });

  it('the type is checked first, and is reported if neither matches', () => {
    expect(judge({ eventTypes: ['a'], channels: ['x'], filter: null }, { type: 'b', channels: ['y'], content: null })).toBe(
      'event_type_not_subscribed',
    );
    expect(judge({ eventTypes: ['a'], channels: ['x'], filter: null }, { type: 'a', channels: ['y'], content: null })).toBe(
      'channel_not_subscribed',
    );
  });
});

describe('judge by filter', () => {
  const one = { eventTypes: ['a'], channels: ['x'], filter: new Filter('{"data.n":1}') };
  const event = { type: 'a', channels: ['x'] };
  const content = (n: number) => new EventContent(`{"type":"a","timestamp":"","data":{"n":${n}}}`);

  it('asks it last, and only of an endpoint that subscribes', () => {
    expect(judge(one, { ...event, content: content(1) })).toBe('wanted');
    expect(judge(one, { ...event, content: content(2) })).toBe('filter_not_matched');
    expect(judge(one, { ...event, type: 'b', content: null })).toBe('event_type_not_subscribed');
    expect(judge(one, { ...event, channels: [], content: null })).toBe('channel_not_subscribed');
    expect(judge({ ...one, filter: null }, { ...event, content: null })).toBe('wanted');
  });

  it('matches nothing that was erased, everything that cannot be read, and needs the content', () => {
    expect(judge(one, { ...event, content: 'erased' })).toBe('filter_not_matched');
    expect(judge(one, { ...event, content: 'unreadable' })).toBe('wanted');
    expect(() => judge(one, { ...event, content: null })).toThrow('the content of the event was not read');
  });
});
