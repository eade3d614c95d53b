// The routing of an accepted event, as a table: its lanes, its direct attempts, or a plan by its dispatch.
import { describe, expect, it } from 'vitest';
import { type EndpointToRoute, type EventToRoute, maxDirectEndpoints, routeEvent } from '#domain/events/route-event';
import { EventContent, Filter } from '#domain/filters/filter';

const nowMs = 1_000_000;
const event: EventToRoute = { eventType: 'order.created', channels: ['eu'], acceptedAtUs: 2_000, special: false };
const endpoint = (more: Partial<EndpointToRoute> = {}): EndpointToRoute => ({
  endpointId: 'ep_1',
  createdAtUs: 1_000,
  needsLane: false,
  notBeforeMs: null,
  eventTypes: [],
  channels: [],
  filter: null,
  ...more,
});
const noLanes = () => false;

describe('one endpoint', () => {
  it.each<[string, Partial<EndpointToRoute>, 'direct' | 'lane' | 'none']>([
    ['that takes all events', {}, 'direct'],
    ['of another event type', { eventTypes: ['invoice.*'] }, 'none'],
    ['of another channel', { channels: ['us'] }, 'none'],
    ['of this type and channel', { eventTypes: ['order.*'], channels: ['eu'] }, 'direct'],
    ['created at the moment of acceptance', { createdAtUs: 2_000 }, 'direct'],
    ['created after the event was accepted', { createdAtUs: 2_001 }, 'none'],
    ['whose settings need a lane', { needsLane: true }, 'lane'],
    ['that asked to wait until later', { notBeforeMs: nowMs + 1 }, 'lane'],
    ['that asked to wait until now', { notBeforeMs: nowMs }, 'direct'],
    ['of another type whose settings need a lane', { needsLane: true, eventTypes: ['invoice.*'] }, 'none'],
  ])('%s', (_, more, way) => {
    const one = endpoint(more);
    const expected = { lane: way === 'lane' ? [one] : [], direct: way === 'direct' ? [one] : [] };
    expect(routeEvent(event, [one], noLanes, nowMs)).toEqual({ kind: 'deliver', ...expected, filteredOut: 0 });
  });

  it('that has an awake lane gets its delivery from the lane', () => {
    const one = endpoint();
    expect(routeEvent(event, [one], (id) => id === 'ep_1', nowMs)).toEqual({ kind: 'deliver', lane: [one], direct: [], filteredOut: 0 });
  });

  it('for which the delivery is held already gets it from the lane, whatever is known of the lane', () => {
    const one = endpoint();
    expect(routeEvent({ ...event, held: new Set(['ep_1']) }, [one], noLanes, nowMs)).toMatchObject({ lane: [one], direct: [] });
  });
});

describe('all endpoints of a tenant', () => {
  it('keep their order, each on its own way', () => {
    const [first, second, third] = ['ep_1', 'ep_2', 'ep_3'].map((endpointId) => endpoint({ endpointId }));
    expect(routeEvent(event, [first, second, third] as EndpointToRoute[], (id) => id === 'ep_2', nowMs)).toEqual({
      kind: 'deliver',
      lane: [second],
      direct: [first, third],
      filteredOut: 0,
    });
  });

  it('none: there is nothing to deliver', () => {
    expect(routeEvent(event, [], noLanes, nowMs)).toEqual({ kind: 'deliver', lane: [], direct: [], filteredOut: 0 });
  });

  it.each([
    ['as many as are planned in memory', maxDirectEndpoints, 'deliver'],
    ['one more', maxDirectEndpoints + 1, 'plan'],
  ])('%s', (_, count, kind) => {
    const many = Array.from({ length: count }, (_, n) => endpoint({ endpointId: `ep_${n}` }));
    expect(routeEvent(event, many, noLanes, nowMs).kind).toBe(kind);
  });

  it('too many to be held in memory: the dispatch plans the event', () => {
    expect(routeEvent(event, null, noLanes, nowMs)).toEqual({ kind: 'plan', deliveries: maxDirectEndpoints });
  });
});

it('leaves an event that is scheduled, or for one endpoint, to its dispatch', () => {
  expect(routeEvent({ ...event, special: true }, [endpoint()], noLanes, nowMs)).toEqual({ kind: 'plan', deliveries: 1 });
});

it('leaves out endpoints whose filter does not match, and counts them', () => {
  const matching = endpoint({ endpointId: 'ep_1', filter: new Filter('{"data.n":1}') });
  const others = [
    endpoint({ filter: new Filter('{"data.n":2}') }),
    endpoint({ eventTypes: ['other'], filter: new Filter('{"data.n":2}') }),
  ];
  const content = new EventContent('{"type":"order.created","data":{"n":1}}');
  expect(routeEvent(event, [matching, ...others], noLanes, nowMs, content)).toEqual({
    kind: 'deliver',
    lane: [],
    direct: [matching],
    filteredOut: 1,
  });
});
