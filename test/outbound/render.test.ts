// Renders events in each body format, checked by golden files, independent parsers and random JSON.
import { HTTP } from 'cloudevents';
import fc from 'fast-check';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { batchHeaders } from '#domain/endpoints/request-headers';
import { type BodyFormat, bodyFormats } from '#domain/events/body-format';
import { standardBody } from '#domain/events/event';
import { renderBatch, renderBody } from '#outbound/render';

const timestamp = '2026-11-21T08:30:00.000Z';
const type = 'order.created';
const id = 'evt_1';
const tenantId = 'tnt_01a2';

const eventOf = (data: string) => ({ id, tenantId, body: Buffer.from(standardBody(type, timestamp, data)) });
const render = (format: BodyFormat, data: string) => {
  const { body, headers } = renderBody(format, eventOf(data));
  return { text: Buffer.from(body).toString(), headers, body };
};

const rich = `{ "name": "Zoë \\"Z\\" \\ud83d\\ude80 & <Söhne>", "total": 12345678901234567890.1200, "exp": 1e400, "none": null,
  "ok": true, "lines": [ { "sku": "a b", "n": 1 }, [], {}, [1, [2, "x"]] ], "empty": {}, "a b": 1, "1x": "tab\\tand\\r\\nline", "xmlish": "\\u0001]]>",
  "__proto__": { "polluted": true }, "10": "ten", "9": "nine", "": "no name", "half": "\\ud800" }`;

describe('an event with every kind of value', () => {
  it.each(bodyFormats)('in format %s equals its golden file', async (format) => {
    const { text, headers } = render(format, rich);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    await expect(`${lines.join('\n')}\n\n${text}\n`).toMatchFileSnapshot(`golden/${format}.txt`);
  });

  it('renders the same every time, and in standard as it is stored', () => {
    for (const format of bodyFormats) expect(render(format, rich)).toEqual(render(format, rich));
    const event = eventOf(rich);
    expect(renderBody('standard', event).body).toBe(event.body);
  });

  it('is parsed by the CloudEvents SDK in both modes', () => {
    for (const format of ['cloudevents', 'cloudevents-binary'] as const) {
      const { text, headers } = render(format, '{"a":[1,"ü"]}');
      const read = HTTP.toEvent({ headers, body: text });
      expect(read).toMatchObject({ id, type, source: `/tenants/${tenantId}`, specversion: '1.0', data: { a: [1, 'ü'] } });
      expect(new Date(Array.isArray(read) ? '' : (read.time ?? '')).toISOString()).toBe(timestamp);
    }
  });

  it('is parsed by an XML parser', () => {
    const { text } = render('xml', rich);
    expect(XMLValidator.validate(text)).toBe(true);
    const parser = new XMLParser({ ignoreAttributes: false, parseTagValue: false, attributeNamePrefix: '@', trimValues: false });
    const { event } = parser.parse(text);
    expect(event).toMatchObject({ '@id': id, '@type': type, '@timestamp': timestamp });
    expect(event.data.total).toEqual({ '#text': '12345678901234567890.1200', '@type': 'number' });
    expect(event.data.name).toContain('Söhne');
  });

  it('is parsed back from a form', () => {
    const pairs = new URLSearchParams(render('form', rich).text);
    expect(pairs.get('data[lines][3][1][1]')).toBe('x');
    expect(pairs.get('data[total]')).toBe('12345678901234567890.1200');
    expect([pairs.get('type'), pairs.get('data[lines][1]'), pairs.get('data[none]'), pairs.get('data[ok]')]).toEqual([
      type,
      '',
      '',
      'true',
    ]);
  });
});

it('a key in a form is never parsed as structure', () => {
  const names = (data: string) => [...new URLSearchParams(render('form', data).text).keys()].slice(3);
  expect(names('{"a][b":1,"a":{"b":2},"":3,"x[]":[4],"%5B":5,"%00":6}')).toEqual([
    'data[a%5D%5Bb]',
    'data[a][b]',
    'data[%00]',
    'data[x%5B%5D][0]',
    'data[%255B]',
    'data[%2500]',
  ]);
});

describe('any JSON', () => {
  it('passes through byte for byte in JSON formats', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (data) => {
        expect(render('raw', data).text).toBe(data);
        expect(render('cloudevents-binary', data).text).toBe(data);
        expect(render('cloudevents', data).text.endsWith(`"data":${data}}`)).toBe(true);
      }),
    );
  });

  it('renders to well-formed XML, and to a form with one pair per leaf', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (data) => {
        expect(XMLValidator.validate(render('xml', data).text)).toBe(true);
        expect([...new URLSearchParams(render('form', data).text)]).toHaveLength(3 + leaves(JSON.parse(data)));
      }),
    );
  });

  it.each([['form'], ['xml']] as const)('nested too deep for %s is refused without a stack overflow', (format) => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(() => render(format, deep)).toThrow(`too deep for the format ${format}`);
    expect(render('raw', deep).text).toBe(deep);
  });

  it('whose form would be too long is refused', () => {
    const nested = `${'{"a":'.repeat(90)}[${'1,'.repeat(60_000)}1]${'}'.repeat(90)}`;
    expect(() => render('form', nested)).toThrow('too long');
  });

  it('with long strings and many escapes is rendered', () => {
    const data = JSON.stringify({ long: '\\"'.repeat(60_000) });
    expect(new URLSearchParams(render('form', data).text).get('data[long]')).toHaveLength(120_000);
  });
});

it('a batch contains its events in their format', () => {
  const events = [
    { ...eventOf('1'), sequence: 7 },
    { ...eventOf('{"a":2}'), id: 'evt_2', sequence: null },
  ];
  const standard = JSON.parse(renderBatch('standard', events).toString());
  expect(standard).toEqual([
    { id, sequence: 7, type, timestamp, data: 1 },
    { id: 'evt_2', type, timestamp, data: { a: 2 } },
  ]);
  const read = HTTP.toEvent({ headers: batchHeaders('cloudevents'), body: renderBatch('cloudevents', events).toString() });
  expect(read).toMatchObject([
    { id, data: 1 },
    { id: 'evt_2', data: { a: 2 } },
  ]);
});

/** Null and empty objects and arrays count as leaves. Of duplicate keys the last counts, as in JSON.parse. */
function leaves(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  const inside = Object.values(value);
  return inside.length === 0 ? 1 : inside.reduce((sum: number, one) => sum + leaves(one), 0);
}
