// Converters: what each step makes of `data`, byte for byte; what is refused; the way from one version to another; and what
// a converter can lose.
import { describe, expect, it } from 'vitest';
import { convert, type Step, steps } from '#domain/shaping/converter';
import { lostFields } from '#domain/shaping/lost-fields';
import { wayBetween } from '#domain/shaping/pins';
import { compileShape } from '#domain/shaping/shape';
import { ShapingError } from '#domain/shaping/shaping-error';

const data = '{ "a":1.10, "customer":{"name":"Z","id":12345678901234567890}, "lines":[{"sku":"x","q":1e2},{"q":2}], "status":"paid" }';
const rest = '"customer":{"name":"Z","id":12345678901234567890},"lines":[{"sku":"x","q":1e2},{"q":2}],"status":"paid"';

describe('a step', () => {
  it.each<[Step, string]>([
    [{ rename: 'a', to: 'amount' }, `{"amount":1.10,${rest}}`],
    [
      { rename: 'a', to: 'status' },
      `{"status":1.10,"customer":{"name":"Z","id":12345678901234567890},"lines":[{"sku":"x","q":1e2},{"q":2}]}`,
    ],
    [{ rename: 'nothing', to: 'x' }, `{"a":1.10,${rest}}`],
    [{ drop: 'customer' }, '{"a":1.10,"lines":[{"sku":"x","q":1e2},{"q":2}],"status":"paid"}'],
    [{ drop: 'lines.*.q' }, '{"a":1.10,"customer":{"name":"Z","id":12345678901234567890},"lines":[{"sku":"x"},{}],"status":"paid"}'],
    [
      { move: 'customer.id', to: 'id' },
      '{"a":1.10,"customer":{"name":"Z"},"lines":[{"sku":"x","q":1e2},{"q":2}],"status":"paid","id":12345678901234567890}',
    ],
    [{ move: 'a', to: 'total.value' }, `{${rest},"total":{"value":1.10}}`],
    [{ default: 'a', value: 2 }, `{"a":1.10,${rest}}`],
    [{ default: 'shop.currency', value: 'EUR' }, `{"a":1.10,${rest},"shop":{"currency":"EUR"}}`],
    [{ map: 'status', values: { paid: 'settled' } }, `{"a":1.10,${rest.replace('"paid"', '"settled"')}}`],
    [{ map: 'a', values: { '1.10': true } }, `{"a":true,${rest}}`],
    [{ map: 'status', values: {}, otherwise: null }, `{"a":1.10,${rest.replace('"paid"', 'null')}}`],
  ])('%j', (step, expected) => {
    expect(convert(data, [step])).toBe(expected);
    expect(steps.safeParse([step]).success).toBe(true);
  });

  it.each([
    [{ rename: 'a' }, ''],
    [{ drop: 'a..b' }, 'drop'],
    [{ drop: 'lines.*' }, 'drop'],
    [{ move: 'a', to: 'a.b' }, 'to'],
    [{ move: 'lines.*.q', to: 'q' }, 'to'],
    [{ default: 'a', value: 2 ** 60 }, 'value'],
    [{ delete: 'a' }, ''],
  ])('%j is refused', (step, path) => {
    expect(steps.safeParse([step]).error?.issues[0]?.path.slice(1).join('.')).toBe(path);
  });

  it('adds at most 1 Mi characters', () => {
    const many = `{"lines":[${'{},'.repeat(50_000)}{}]}`;
    expect(() => convert(many, [{ default: 'lines.*.note', value: 'x'.repeat(100) }])).toThrow(ShapingError);
  });
});

describe('a pinned version', () => {
  const converter = (from: number, to: number, ...given: Step[]) => ({ from, to, steps: given });
  const converters = [
    converter(3, 2, { rename: 'c', to: 'b' }),
    converter(2, 1, { rename: 'b', to: 'a' }),
    converter(1, 2, { rename: 'a', to: 'b' }),
  ];
  const event = (version: number | null, text: string) => ({
    id: 'e',
    version,
    body: `{"type":"t.x","timestamp":"2026-03-02T09:15:00.000Z","data":${text}}`,
  });

  it('is reached by the fewest converters', () => {
    expect(wayBetween(converters, 3, 1)?.map(({ to }) => to)).toEqual([2, 1]);
    expect(wayBetween([...converters, converter(3, 1)], 3, 1)?.map(({ to }) => to)).toEqual([1]);
    expect(wayBetween(converters, 1, 1)).toEqual([]);
    expect(wayBetween(converters, 1, 3)).toBeNull();
  });

  it('converts data of other versions, before the template, and nothing else', () => {
    const pins = { 't.x': { to: 1, converters } };
    const shape = compileShape({ layout: 1, pins });
    expect(shape(event(3, '{"c":1.00}'))).toBe(event(3, '{"a":1.00}').body);
    for (const version of [1, null]) expect(shape(event(version, '{ "c": 1.00 }'))).toBe(event(version, '{ "c": 1.00 }').body);
    expect(compileShape({ layout: 1, pins: { 't.y': pins['t.x'] } })(event(3, '{ "c":1}'))).toBe(event(3, '{ "c":1}').body);
    expect(compileShape({ layout: 1, pins, template: [{ $path: 'data.a' }, { $path: 'version' }] })(event(3, '{"c":1.00}'))).toBe(
      '[1.00,1]',
    );
    expect(() => shape(event(4, '{}'))).toThrow(/no converter leads from version 4 of t\.x to version 1/);
  });
});

describe('what a converter can lose', () => {
  const object = (required: string[], properties: object = {}) => ({ type: 'object', required, properties });
  it.each<[string, Step[], object, object, object[]]>([
    ['nothing that both require', [], object(['a']), object(['a']), []],
    ['what the source need not have', [], object([], { a: {} }), object(['a']), [{ path: 'a', step: null }]],
    ['nothing with a default', [{ default: 'a', value: 1 }], object([], { a: {} }), object(['a']), []],
    ['what a step drops', [{ drop: 'a' }], object(['a']), object(['a']), [{ path: 'a', step: 0 }]],
    ['what a step renames', [{ rename: 'a', to: 'b' }], object(['a']), object(['a', 'b']), [{ path: 'a', step: 0 }]],
    ['nothing that is moved there', [{ move: 'x.y', to: 'a' }], object(['x'], { x: object(['y']) }), object(['a']), []],
    ['nothing that is moved into an object', [{ move: 'x', to: 'o.y' }], object(['x']), object(['o'], { o: object(['y']) }), []],
    [
      'within objects and arrays',
      [{ drop: 'l.*.s' }],
      object(['l'], { l: { items: object(['s']) } }),
      object(['l'], { l: { items: object(['s']) } }),
      [{ path: 'l.*.s', step: 0 }],
    ],
  ])('%s', (_what, given, source, target, lost) => {
    expect(lostFields(given, source, target)).toEqual(lost);
  });

  it('looks at the members of the source once', () => {
    let reads = 0;
    const names = Array.from({ length: 500 }, (_, n) => `f${n}`);
    const counted = new Proxy(names, {
      get(target, key) {
        reads++;
        return Reflect.get(target, key);
      },
    });
    expect(lostFields([], object(counted), object(names))).toEqual([]);
    expect(reads).toBeLessThan(10 * names.length);
  });
});
