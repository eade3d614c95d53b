// The endpoints that take a type of event are the same ones, whether the answer is looked up or kept.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { takesType } from '#domain/events/subscription';
import { EndpointsOfType } from '#relay/endpoints-of-type';

const type = fc.constantFrom('order.paid', 'order.item.added', 'invoice.sent');
const pattern = fc.oneof(type, fc.constantFrom('*', 'order.*', 'order.item.*'));

it('are those whose patterns match, for few endpoints and for many, each time it is asked', () => {
  fc.assert(
    fc.property(fc.array(fc.array(pattern, { maxLength: 3 }), { maxLength: 60 }), fc.array(type, { maxLength: 6 }), (patterns, asked) => {
      const all = patterns.map((eventTypes, n) => ({ endpointId: `ep_${n}`, eventTypes }));
      const tenant = { version: 1, hasFilters: false, endpoints: new Map(all.map((one) => [one.endpointId, one])) };
      const ofType = new EndpointsOfType<(typeof all)[number]>();
      for (const one of asked) {
        const wanted = (endpoints: Iterable<(typeof all)[number]>) => [...endpoints].filter((endpoint) => takesType(endpoint, one));
        expect(wanted(ofType.get(tenant, one) ?? [])).toEqual(wanted(all));
      }
    }),
  );
});

it('are not known for a tenant with too many', () => {
  expect(new EndpointsOfType().get({ version: 1, hasFilters: false, endpoints: null }, 'order.paid')).toBeNull();
});
