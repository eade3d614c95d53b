// Event types from OpenAPI 3.1 and AsyncAPI 3, exports of both, and the catalogue file.
import { describe, expect, it } from 'vitest';
import { usualSettings } from '#domain/catalogue/event-type';
import { catalogueFile } from '#domain/documents/catalogue-file';
import { placeInDocument } from '#domain/documents/catalogue-type';
import { toAsyncapi, toOpenapi } from '#domain/documents/export-documents';
import { planCatalogue } from '#domain/documents/plan-catalogue';
import { readDocument as readStepwise } from '#domain/documents/read-document';

function readDocument(document: unknown) {
  const { format, reads } = readStepwise(document);
  const read = [...reads];
  return { format, types: read.flatMap(({ type }) => type ?? []), faults: read.flatMap((one) => one.faults) };
}

const faults = (document: unknown) => readDocument(document).faults.map(({ pointer, message }) => `${pointer}: ${message}`);

const money = { type: 'object', properties: { amount: { type: 'integer' }, of: { $ref: '#/components/schemas/Money' } } };
const openapi = {
  openapi: '3.1.0',
  info: { title: 't', version: '1' },
  webhooks: {
    'order.created': {
      post: {
        summary: 'An order.',
        tags: ['Orders'],
        'x-posthorn': { owner: 'team-a', validation: 'warn' },
        requestBody: { $ref: '#/components/requestBodies/Order' },
        responses: {},
      },
    },
    ping: { post: { deprecated: true } },
  },
  components: {
    requestBodies: {
      Order: {
        content: {
          'application/json; charset=utf-8': {
            schema: { $ref: '#/components/schemas/OrderEvent' },
            examples: { one: { value: { type: 'order.created', timestamp: 't', data: { total: { amount: 1 } } } } },
          },
        },
      },
    },
    schemas: {
      OrderEvent: {
        type: 'object',
        properties: { type: {}, data: { type: 'object', properties: { total: { $ref: '#/components/schemas/Money' } } } },
      },
      Money: money,
    },
  },
};

describe('OpenAPI', () => {
  it('gives a type for each webhook, with a schema that stands alone', () => {
    const { format, types, faults } = readDocument(openapi);
    expect([format, faults]).toEqual(['openapi', []]);
    expect(types).toMatchObject([
      {
        name: 'order.created',
        settings: { description: 'An order.', group: 'Orders', owner: 'team-a', validation: 'warn' },
        versions: [
          {
            version: 'auto',
            schema: {
              type: 'object',
              properties: { total: { $ref: '#/$defs/Money' } },
              $defs: { Money: { ...money, properties: { ...money.properties, of: { $ref: '#/$defs/Money' } } } },
            },
            examples: [{ total: { amount: 1 } }],
          },
        ],
      },
      { name: 'ping', settings: { deprecatedAt: '1970-01-01T00:00:00.000Z' }, versions: [] },
    ]);
    const version = types[0]?.versions[0];
    expect(version && placeInDocument(version, '/properties/total/type')).toBe(
      '/components/schemas/OrderEvent/properties/data/properties/total/type',
    );
    expect(version && placeInDocument(version, '/$defs/Money/properties/amount')).toBe('/components/schemas/Money/properties/amount');
  });

  it.each<[unknown, string]>([
    [{ openapi: '3.0.3' }, '/openapi: is 3.0.3: webhooks exist from OpenAPI 3.1 on'],
    [{ openapi: '3.1.0' }, '/webhooks: is missing or empty: event types are read from it'],
    [{ openapi: '3.1.0', webhooks: { 'a b': { post: {} } } }, '/webhooks/a b: is not the name of an event type'],
    [{ openapi: '3.1.0', webhooks: { a: {} } }, '/webhooks/a: must have an operation, such as post'],
    [
      { openapi: '3.1.0', webhooks: { a: { post: { requestBody: { content: { 'text/xml': { schema: {} } } } } } } },
      '/webhooks/a/post/requestBody/content: has no JSON, such as application/json',
    ],
    [
      { openapi: '3.1.0', webhooks: { a: { post: { requestBody: { $ref: './bodies.yaml#/A' } } } } },
      '/webhooks/a/post/requestBody: must be in this document',
    ],
    [
      { openapi: '3.1.0', webhooks: { a: { post: { 'x-posthorn': { validation: 'x' } } } } },
      '/webhooks/a/post/x-posthorn/validation: Invalid option',
    ],
  ])('%j names its fault', (document, expected) => {
    expect(faults(document)[0]).toContain(expected);
  });
});

const referring = (references: Record<string, string>, schemas: object) => ({
  openapi: '3.1.0',
  webhooks: Object.fromEntries(
    Object.entries(references).map(([name, $ref]) => [
      name,
      { post: { requestBody: { content: { 'application/json': { schema: { $ref } } } } } },
    ]),
  ),
  components: { schemas },
});

it('OpenAPI gives all tags, and a body of any media range', () => {
  const body = { content: { '*/*': { schema: { type: 'string' } } } };
  const { types, faults } = readDocument({
    openapi: '3.1.0',
    webhooks: { a: { post: { tags: ['Orders', 'billing', 'eu'], requestBody: body } } },
  });
  expect(faults).toEqual([]);
  expect(types).toMatchObject([{ settings: { group: 'Orders', tags: ['billing', 'eu'] }, versions: [{ schema: { type: 'string' } }] }]);
});

describe('a reference', () => {
  const at = (name: string) => `#/components/schemas/${name}`;

  it('may have a percent sign in a name, as %25', () => {
    const { types } = readDocument(referring({ a: at('100%25') }, { '100%': { type: 'object' } }));
    expect(types[0]?.versions[0]?.schema).toEqual({ $ref: '#/$defs/100%25', $defs: { '100%': { type: 'object' } } });
  });

  it('stays as it is if its percent-encoding is broken, so that the check of the schema names it', () => {
    const { types, faults } = readDocument(referring({ a: at('100%') }, { '100%': { type: 'object' } }));
    expect([faults, types[0]?.versions[0]?.schema]).toEqual([[], { $ref: at('100%') }]);
  });

  it('to too many schemas is a fault, found type by type', () => {
    const ring = Array.from({ length: 3_000 }, (_, n) => [`s${n}`, { properties: { next: { $ref: at(`s${(n + 1) % 3_000}`) } } }]);
    const [first] = readStepwise(referring({ a: at('s0'), b: at('s0') }, Object.fromEntries(ring))).reads;
    const pointer = '/webhooks/a/post/requestBody/content/application~1json/schema';
    expect(first?.faults).toEqual([{ pointer, message: expect.stringContaining('must not be larger than 64 KiB') }]);
    expect(first?.type?.versions[0]).not.toHaveProperty('schema');
  });
});

describe('AsyncAPI', () => {
  const message = {
    name: 'order.created',
    title: 'Order',
    tags: [{ name: 'billing' }],
    payload: { $ref: '#/components/schemas/Order' },
    examples: [{ payload: { n: 1 } }],
  };
  const asyncapi = {
    asyncapi: '3.0.0',
    channels: {
      orders: {
        messages: {
          created: { $ref: '#/components/messages/created' },
          'order.paid': { payload: { schemaFormat: 'application/schema+json;version=draft-2020-12', schema: { type: 'string' } } },
        },
      },
    },
    components: { messages: { created: message }, schemas: { Order: { type: 'object', properties: { n: { type: 'integer' } } } } },
  };

  it('gives a type for each message of components and channels', () => {
    const { format, types, faults } = readDocument(asyncapi);
    expect([format, faults]).toEqual(['asyncapi', []]);
    expect(types).toMatchObject([
      {
        name: 'order.created',
        settings: { description: 'Order', tags: ['billing'] },
        versions: [{ schema: { $ref: '#/$defs/Order', $defs: { Order: { type: 'object' } } }, examples: [{ n: 1 }] }],
      },
      { name: 'order.paid', versions: [{ schema: { type: 'string' }, examples: undefined }] },
    ]);
  });

  it('reads the traits of messages; what a message says itself comes first', () => {
    const messages = { m: { $ref: '#/components/messages/M' } };
    const components = {
      messages: {
        M: { summary: 'own', traits: [{ $ref: '#/components/messageTraits/T' }, { name: 'order.lost' }], payload: { type: 'string' } },
      },
      messageTraits: { T: { name: 'x', summary: 'of the trait', tags: [{ name: 'billing' }], examples: [{ payload: 'a' }] } },
    };
    const { types, faults } = readDocument({ asyncapi: '3.0.0', channels: { c: { messages } }, components });
    expect(faults).toEqual([]);
    expect(types).toMatchObject([
      { name: 'order.lost', settings: { description: 'own', tags: ['billing'] }, versions: [{ examples: ['a'] }] },
    ]);
  });

  it.each<[unknown, string]>([
    [{ asyncapi: '3.0.0', components: { messages: { a: { $ref: './b.yaml' } } } }, '/components/messages/a: must be in this document'],
    [{ asyncapi: '2.6.0' }, '/asyncapi: is 2.6.0: only AsyncAPI 3 is supported'],
    [{ asyncapi: '3.0.0' }, '/components/messages: is missing or empty'],
    [
      { ...asyncapi, components: { messages: { a: { name: 'x' }, b: { name: 'x' } } } },
      '/components/messages/b: has the same name as /components/messages/a: x',
    ],
    [
      { asyncapi: '3.0.0', components: { messages: { a: { payload: { schemaFormat: 'application/vnd.apache.avro', schema: {} } } } } },
      '/components/messages/a/payload/schemaFormat: is application/vnd.apache.avro',
    ],
  ])('%j names its fault', (document, expected) => {
    expect(faults(document).join('\n')).toContain(expected);
  });
});

describe('a catalogue file', () => {
  it('has one version, or several, and defaults for what it leaves out', () => {
    const { types, faults } = readDocument({
      eventTypes: {
        a: null,
        b: { schema: {}, deprecatedAt: '2026-01-01T01:00:00+01:00' },
        c: { versions: { 10: null, 2: { schema: true, examples: [1] } } },
      },
    });
    expect(faults).toEqual([]);
    expect(types).toMatchObject([
      { name: 'a', settings: usualSettings, versions: [] },
      {
        name: 'b',
        settings: { deprecatedAt: '2026-01-01T00:00:00.000Z' },
        versions: [{ version: 1, schema: {}, schemaAt: '/eventTypes/b/schema' }],
      },
      { name: 'c', versions: [{ version: 2, schemaAt: '/eventTypes/c/versions/2/schema' }, { version: 10 }] },
    ]);
  });

  it.each<[unknown, string]>([
    [1, ': must be a catalogue file'],
    [{ types: {} }, ': must be a catalogue file'],
    [{ eventTypes: [] }, '/eventTypes: Invalid input: expected record, received array'],
    [{ eventTypes: { 'a b': {} } }, '/eventTypes/a b: must be words of'],
    [{ eventTypes: { a: { typo: 1 } } }, '/eventTypes/a/typo: unknown field'],
    [{ eventTypes: { a: { versions: { x: {} } } } }, '/eventTypes/a/versions/x: must be a version number'],
    [{ eventTypes: { a: { schema: {}, versions: {} } } }, '/eventTypes/a: must have either'],
    [
      { eventTypes: { a: { deprecatedAt: '2026-02-01T00:00:00Z', sunsetAt: '2026-01-01T00:00:00Z' } } },
      '/eventTypes/a/sunsetAt: must not be earlier',
    ],
    [{ posthorn: 2, eventTypes: {} }, '/posthorn: must be 1'],
  ])('%j names its fault', (document, expected) => {
    expect(faults(document)[0]).toContain(expected);
  });
});

it('what is exported plans no change when it is applied again, in every format', () => {
  const schema = {
    $id: 'https://a.test/order',
    $ref: '#/$defs/order',
    $defs: { order: { type: 'object', properties: { next: { $ref: 'https://a.test/order#/$defs/order' }, self: { $ref: '#' } } } },
  };
  const settings = {
    ...usualSettings,
    description: 'One.\nTwo.',
    group: 'Orders',
    tags: ['b'],
    owner: 'o',
    deprecatedAt: '2026-01-01T00:00:00.000Z',
    validation: 'warn' as const,
  };
  const stored = [
    {
      name: 'order.created',
      settings,
      versions: [
        { version: 1, examples: [] },
        { version: 2, schema, examples: [{ next: {} }, { self: {} }] },
      ],
      converters: [
        { from: 2, to: 1, steps: [{ drop: 'next' }] },
        { from: 1, to: 2, steps: [] },
      ],
    },
    { name: 'plain', settings: usualSettings, versions: [], converters: [] },
    { name: 'without.schema', settings: usualSettings, versions: [{ version: 1, examples: [1] }], converters: [] },
  ];
  const info = { title: 't', version: '1' };
  const file = readDocument(JSON.parse(JSON.stringify(catalogueFile(stored))));
  expect([...planCatalogue(stored, file.types, true)].map(({ action }) => action)).toEqual(['keep', 'keep', 'keep']);
  for (const document of [toOpenapi(stored, info), toAsyncapi(stored, info)]) {
    const { types, faults } = readDocument(JSON.parse(JSON.stringify(document)));
    expect(faults).toEqual([]);
    const plan = [...planCatalogue(stored, types, true)];
    expect(plan.flatMap(({ fields }) => fields)).toEqual([]);
    // schemas come back without $id, and those of types without one allow everything
    for (const { versions } of plan)
      for (const { action, compatibility } of versions)
        expect([action, compatibility?.compatible ?? true]).toEqual([expect.stringMatching(/keep|replace|add/), true]);
  }
});

describe('converters in a catalogue file', () => {
  const stored = [
    {
      name: 'a',
      settings: usualSettings,
      versions: [
        { version: 1, examples: [] },
        { version: 2, examples: [{}] },
      ],
      converters: [{ from: 2, to: 1, steps: [{ drop: 'b' }] }],
    },
  ];
  const planOf = (versions: object) => {
    const { types, faults } = readDocument({ eventTypes: { a: { versions } } });
    expect(faults).toEqual([]);
    const [type] = [...planCatalogue(stored, types, false)];
    return [type?.action, ...(type?.converters ?? []).map(({ from, to, action, at }) => `${action} ${from} ${to} ${at}`)];
  };
  const examples = [{}];

  it('are those of each version that has the field; others stay', () => {
    expect(planOf({ 1: {}, 2: { examples } })).toEqual(['keep']);
    expect(planOf({ 2: { examples, converters: [{ to: 1, steps: [{ drop: 'b' }] }] } })).toEqual([
      'keep',
      'keep 2 1 /eventTypes/a/versions/2/converters/0',
    ]);
    expect(planOf({ 2: { examples, converters: [{ to: 1, steps: [{ drop: 'c' }] }] } })).toEqual([
      'change',
      'replace 2 1 /eventTypes/a/versions/2/converters/0',
    ]);
    expect(planOf({ 2: { examples, converters: [] }, 3: { converters: [{ to: 2, steps: [] }] } })).toEqual([
      'change',
      'delete 2 1 /eventTypes/a/versions/2/converters',
      'add 3 2 /eventTypes/a/versions/3/converters/0',
    ]);
  });

  it('name their faults', () => {
    const twice = [
      { to: 1, steps: [] },
      { to: 1, steps: [] },
    ];
    expect(faults({ eventTypes: { a: { versions: { 2: { converters: twice } } } } })).toEqual([
      '/eventTypes/a/versions/2/converters: must not lead to the same version twice',
    ]);
    expect(faults({ eventTypes: { a: { version: 2, converters: [{ to: 1, steps: [{ drop: '*' }] }] } } })).toEqual([
      '/eventTypes/a/converters/0/steps/0/drop: must not end with *: name a member of the elements',
    ]);
    expect(faults({ eventTypes: { a: { converters: [], versions: {} } } })[0]).toContain('must have either `versions` or');
  });
});
