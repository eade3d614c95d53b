// Templates: what each operator makes of an event, byte for byte, and what is refused, with the place.
import { describe, expect, it } from 'vitest';
import { transform } from '#domain/endpoints/endpoint-transform';
import { compileShape } from '#domain/shaping/shape';
import { ShapingError } from '#domain/shaping/shaping-error';
import { compileTemplate } from '#domain/shaping/template';

const data =
  '{ "orderId": "1001", "amount": 12345678901234567890.10, "big": 9007199254740993, "exp": 1e2, "none": null, "empty": "", "paid": true, "lines": [ {"sku":"a"}, {"sku":"b"} ], "a.b": {"c d": 7}, "who": "Zoë \\"Q\\" <x> & *y*", "__proto__": {"x":1} }';
const event = {
  id: 'order-1001',
  version: 3,
  body: `{"type":"order.created","timestamp":"2026-03-02T09:15:00.000Z","data":${data}}`,
};
const made = (template: unknown) => compileShape({ layout: 1, template })(event);

describe('a template', () => {
  it.each([
    ['a value, as it was written', { $path: 'data.amount' }, '12345678901234567890.10'],
    ['a whole number above 2^53', { n: { $path: 'data.big' } }, '{"n":9007199254740993}'],
    ['an exponent', [{ $path: 'data.exp' }], '[1e2]'],
    ['all of data', { $path: 'data' }, data],
    ['an element', { $path: 'data.lines.1.sku' }, '"b"'],
    ['a key with a dot and one with a space', { $path: 'data.a\\.b.c d' }, '7'],
    ['a key named __proto__', { $path: 'data.__proto__.x' }, '1'],
    [
      'the attributes',
      [{ $path: 'id' }, { $path: 'type' }, { $path: 'timestamp' }, { $path: 'version' }],
      '["order-1001","order.created","2026-03-02T09:15:00.000Z",3]',
    ],
    ['null for a missing value', { a: { $path: 'data.nothing.at.all' } }, '{"a":null}'],
    [
      'nothing for a missing optional value',
      { a: { $path: 'data.x', $optional: true }, b: [{ $path: 'data.x', $optional: true }, 1] },
      '{"b":[1]}',
    ],
    ['null for an optional null', { a: { $path: 'data.none', $optional: true } }, '{"a":null}'],
    [
      'the default of a missing value and of null',
      [
        { $path: 'data.x', $default: 0 },
        { $path: 'data.none', $default: { $path: 'data.orderId' } },
      ],
      '[0,"1001"]',
    ],
    [
      'the mapped value',
      [
        { $path: 'data.orderId', $map: { '1001': 'first' } },
        { $path: 'data.paid', $map: { true: 1 } },
      ],
      '["first",1]',
    ],
    [
      'null or the default where the map has no value',
      [
        { $path: 'type', $map: {} },
        { $path: 'type', $map: {}, $default: 'x' },
      ],
      '[null,"x"]',
    ],
    ['a constant', { $const: { $path: 'data', text: '{{id}}' } }, '{"$path":"data","text":"{{id}}"}'],
    ['constants of all types', [1, -0.5, true, null, {}, []], '[1,-0.5,true,null,{},[]]'],
    ['a text with placeholders', 'Order {{data.orderId}}: {{ data.amount }} {{data.paid}}', '"Order 1001: 12345678901234567890.10 true"'],
    ['an object in a text', '{{data.lines.0}}', '"{\\"sku\\":\\"a\\"}"'],
    ['the fallback of a placeholder', '{{data.none|?}}{{data.empty| ! }}{{data.x}}', '"?!"'],
    ['a text that is cut', { $text: '{{data.amount}}', $max: 5 }, '"1234…"'],
    ['a text with escaped values', { $text: '<b> {{data.who}}', $escape: 'slack' }, '"<b> Zoë \\"Q\\" &lt;x&gt; &amp; *y*"'],
    [
      'a percent-encoded value',
      { $text: 'https://x.example/{{data.who}}', $escape: 'url' },
      '"https://x.example/Zo%C3%AB%20%22Q%22%20%3Cx%3E%20%26%20*y*"',
    ],
    [
      'the default of an empty text',
      [{ $text: '{{data.x}}', $default: 'none' }, { $text: '{{data.x}}', $optional: true }, '{{data.x}}'],
      '["none",""]',
    ],
    ['a key that begins with $', { $$path: 1, $schema: 'x' }, '{"$path":1,"$schema":"x"}'],
    ['members in their order', { z: 1, a: 2 }, '{"z":1,"a":2}'],
  ])('makes %s', (_what, template, text) => {
    expect(made(template)).toBe(text);
  });

  it('does not split a surrogate pair when it cuts', () => {
    expect(JSON.parse(made({ $text: 'ab😀cd', $max: 4 }))).toBe('ab…');
  });

  it.each([
    ['an unknown operator', { a: { $pth: 'x' } }, 'template.a.$pth', /is no operator/],
    ['a path outside of the event', { a: [{ $path: 'tenant' }] }, 'template.a.0.$path', /must begin with one of id, type/],
    ['a path that is no text', { $path: 1 }, 'template.$path', /must be a path/],
    ['an empty key', { $path: 'data..x' }, 'template.$path', /empty key/],
    ['a wrong backslash', { $path: 'data.a\\b' }, 'template.$path', /\\ that is not followed/],
    ['an operator beside another', { $path: 'data', $text: 'x' }, 'template.$text', /cannot be combined/],
    ['a member beside an operator', { $path: 'data', name: 'x' }, 'template.name', /not allowed beside \$path/],
    ['an open placeholder', { a: 'Order {{data.id' }, 'template.a', /braces/],
    ['a placeholder outside of the event', ['{{order.id}}'], 'template.0', /\{\{order\.id\}\}, whose path must begin/],
    ['optional with a default', { $path: 'data.x', $optional: true, $default: 1 }, 'template.$optional', /\$default/],
    ['optional that is not true', { $path: 'data.x', $optional: 'yes' }, 'template.$optional', /must be true/],
    ['a map that is none', { $path: 'data.x', $map: ['a'] }, 'template.$map', /must be an object/],
    ['a length of 0', { $text: 'x', $max: 0 }, 'template.$max', /from 1/],
    ['an unknown escape', { $text: 'x', $escape: 'html' }, 'template.$escape', /slack, discord/],
    ['a number that was rounded', { a: { $const: [JSON.parse('9007199254740993')] } }, 'template.a.$const.0', /rounded/],
    ['too many levels', JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`), 'template', /30 levels/],
    ['too many values', Array.from({ length: 3_000 }, () => 1), 'template', /2000 values/],
    ['too long a template', 'x'.repeat(40_000), 'template', /32768 characters/],
    ['none', undefined, 'template', /is missing/],
  ])('is refused with %s', (_what, template, path, message) => {
    const { error } = transform.safeParse({ template });
    const [issue] = error?.issues.flatMap((one) => (one.code === 'invalid_union' ? (one.errors[0] ?? []) : one)) ?? [];
    expect({ path: issue?.path.join('.'), message: issue?.message }).toEqual({ path, message: expect.stringMatching(message) });
  });
});

describe('what a template makes', () => {
  it('is at most 1 Mi characters, whether of values, of texts or of keys', () => {
    const large = { ...event, body: event.body.replace('"1001"', `"${'x'.repeat(200_000)}"`) };
    const shape = (template: unknown) => () => compileShape({ layout: 1, template })(large);
    expect(shape(Array.from({ length: 4 }, () => ({ $path: 'data' })))()).toHaveLength(4 * (data.length + 200_000 - 4) + 5);
    expect(shape(Array.from({ length: 6 }, () => ({ $path: 'data' })))).toThrow(ShapingError);
    expect(shape('{{data}}'.repeat(4_000))).toThrow(ShapingError);
    expect(shape({ $text: '{{data}}'.repeat(4_000), $max: 100 })().length).toBeLessThan(110);
  });

  it('takes time that grows with the event and the template only', () => {
    const template = Array.from({ length: 500 }, (_, n) => ({ $path: `data.lines.${n * 10}.sku` }));
    expect(typeof compileTemplate(template)).toBe('object');
    const lines = Array.from({ length: 10_000 }, (_, n) => ({ sku: `sku-${n}` }));
    const many = { ...event, body: `{"type":"a","timestamp":"b","data":${JSON.stringify({ lines })}}` };
    expect(JSON.parse(compileShape({ layout: 1, template })(many)).at(-1)).toBe('sku-4990');
  });

  it('needs the layout that this release knows', () => {
    expect(() => compileShape({ layout: 2 as 1, template: {} })).toThrow(/later version/);
  });
});
