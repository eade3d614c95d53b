import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deliveryId, deliveryRange, firstUuidAt, idOf, idPrefixes, isId, makeId, unixMsOf, uuidOf, uuidV7 } from '#domain/ids';
import { newId } from '#runtime/new-id';

const unixMs = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const random = fc.uint8Array({ minLength: 10, maxLength: 10 });
const prefix = fc.constantFrom(...idPrefixes);
const eventId = fc.tuple(unixMs, random).map(([at, bytes]) => makeId('evt', at, bytes));
const endpointId = fc.tuple(unixMs, random).map(([at, bytes]) => makeId('ep', at, bytes));

describe('uuidV7', () => {
  it('has the layout of RFC 9562, as in its example', () => {
    // RFC 9562, appendix A.6: rand_a 0xcc3, rand_b 0x18c4dc0c0c07398f; version and variant overwrite the top bits
    const bytes = Buffer.from('cc318c4dc0c0c07398f0', 'hex');
    expect(uuidV7(0x017f22e279b0, bytes)).toBe('017f22e279b07cc398c4dc0c0c07398f');
  });

  it('contains the time, version 7, the variant and 74 of the random bits', () => {
    fc.assert(
      fc.property(unixMs, random, (at, bytes) => {
        const uuid = uuidV7(at, bytes);
        expect(uuid).toMatch(/^[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
        expect(Number.parseInt(uuid.slice(0, 12), 16)).toBe(at);
        const hex = Buffer.from(bytes).toString('hex');
        expect(uuid.slice(13, 16) + uuid.slice(17)).toBe(hex.slice(0, 3) + hex.slice(4, 19));
        expect(Number.parseInt(uuid.charAt(16), 16) & 0x3).toBe(Number.parseInt(hex.charAt(3), 16) & 0x3);
      }),
    );
  });

  it('sorts by time for any random bits', () => {
    fc.assert(
      fc.property(unixMs, unixMs, random, random, (one, other, dice, otherDice) => {
        fc.pre(one < other);
        expect(uuidV7(one, dice) < uuidV7(other, otherDice)).toBe(true);
      }),
    );
  });
});

describe('ids with a prefix', () => {
  it('are recognized, contain their UUID and time, and survive a round trip through PostgreSQL', () => {
    fc.assert(
      fc.property(prefix, unixMs, random, (kind, at, bytes) => {
        const id = makeId(kind, at, bytes);
        const uuid = uuidOf(id);
        expect(isId(kind, id)).toBe(true);
        expect(uuid).toBe(uuidV7(at, bytes));
        expect(unixMsOf(id)).toBe(at);
        const asPostgresWrites = uuid.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
        expect(idOf(kind, asPostgresWrites)).toBe(id);
      }),
    );
  });

  it('are valid for one prefix only', () => {
    fc.assert(
      fc.property(prefix, prefix, unixMs, random, (kind, other, at, bytes) => {
        expect(isId(other, makeId(kind, at, bytes))).toBe(kind === other);
      }),
    );
  });

  const good = 'ep_017f22e279b07cc398c4dc0c0c07398f';
  it.each([
    ['nothing', ''],
    ['the prefix alone', 'ep_'],
    ['upper case', good.toUpperCase()],
    ['upper-case digits', `ep_${good.slice(3).toUpperCase()}`],
    ['hyphens', 'ep_017f22e2-79b0-7cc3-98c4-dc0c0c07398f'],
    ['version 4', good.replace('b07', 'b04')],
    ['another variant', good.replace('c398', 'c378')],
    ['a digit less', good.slice(0, -1)],
    ['a digit more', `${good}0`],
    ['a line end', `${good}\n`],
    ['a space before', ` ${good}`],
    ['no prefix', good.slice(3)],
  ])('are not valid: %s', (_name, text) => {
    expect(isId('ep', good)).toBe(true);
    expect(isId('ep', text)).toBe(false);
  });

  it('are distinguished from any other text', () => {
    fc.assert(fc.property(prefix, fc.string({ unit: 'binary' }), (kind, text) => !isId(kind, text)));
  });
});

describe('deliveryId', () => {
  it('is a valid id with the time and in the range of its event, and always the same', () => {
    fc.assert(
      fc.property(eventId, endpointId, (event, endpoint) => {
        const id = deliveryId(event, endpoint);
        const { from, to } = deliveryRange(event);
        expect(isId('dlv', id)).toBe(true);
        expect(unixMsOf(id)).toBe(unixMsOf(event));
        expect(uuidOf(id) >= from && uuidOf(id) <= to).toBe(true);
        expect(deliveryId(event, endpoint)).toBe(id);
      }),
    );
  });

  it('differs for two endpoints of an event, and for two events of an endpoint', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(eventId, { minLength: 2, maxLength: 2 }),
        fc.uniqueArray(endpointId, { minLength: 2, maxLength: 2 }),
        (events, endpoints) => {
          const [event = '', otherEvent = ''] = events;
          const [endpoint = '', otherEndpoint = ''] = endpoints;
          // real ids differ in their 62 random bits; ids that share these bits by construction count as one id
          const low = (id: string) => uuidOf(id).slice(16);
          if (low(endpoint) !== low(otherEndpoint)) expect(deliveryId(event, endpoint)).not.toBe(deliveryId(event, otherEndpoint));
          const sameEvent = uuidOf(event).slice(0, 16) === uuidOf(otherEvent).slice(0, 16) && low(event) === low(otherEvent);
          if (!sameEvent) expect(deliveryId(event, endpoint)).not.toBe(deliveryId(otherEvent, endpoint));
        },
      ),
    );
  });

  it('is unique within a fan-out to endpoints created in one moment', () => {
    const events = Array.from({ length: 50 }, () => newId('evt'));
    const endpoints = Array.from({ length: 50 }, () => newId('ep'));
    const ids = new Set(events.flatMap((event) => endpoints.map((endpoint) => deliveryId(event, endpoint))));
    expect(ids.size).toBe(2_500);
  });

  it('is outside the range of any other event', () => {
    fc.assert(
      fc.property(eventId, eventId, endpointId, (event, other, endpoint) => {
        fc.pre(uuidOf(event).slice(0, 16) !== uuidOf(other).slice(0, 16));
        const { from, to } = deliveryRange(other);
        const uuid = uuidOf(deliveryId(event, endpoint));
        expect(uuid < from || uuid > to).toBe(true);
      }),
    );
  });
});

describe('firstUuidAt', () => {
  it('separates ids made before a millisecond from ids made in it or later', () => {
    fc.assert(
      fc.property(unixMs, unixMs, random, (boundary, at, bytes) => {
        expect(uuidV7(at, bytes) >= firstUuidAt(boundary)).toBe(at >= boundary);
      }),
    );
  });

  it.each([
    [-1, '0'.repeat(32)],
    [1.9, `${'1'.padStart(12, '0')}${'0'.repeat(20)}`],
  ])('also accepts %d', (at, uuid) => {
    expect(firstUuidAt(at)).toBe(uuid);
  });
});

describe('newId', () => {
  it('makes ids with the current time that never repeat', () => {
    const before = Date.now();
    const ids = Array.from({ length: 3_000 }, () => newId('dsp'));
    const after = Date.now();
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => isId('dsp', id) && unixMsOf(id) >= before && unixMsOf(id) <= after)).toBe(true);
  });
});
