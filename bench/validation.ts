// `node bench/validation.ts`: measures the cost of validating the data of an event with a compiled schema, in microseconds
// of one core, and of compiling the schema.
import { checkSchema } from '#catalogue/check-schema';
import { compile } from '#catalogue/validator';

const forMs = 1_000;

const money = {
  type: 'object',
  properties: { amount: { type: 'integer', minimum: 0 }, currency: { enum: ['EUR', 'USD', 'GBP'] } },
  required: ['amount', 'currency'],
};
const address = {
  type: 'object',
  properties: {
    name: { type: 'string', maxLength: 200 },
    street: { type: 'string' },
    postcode: { type: 'string', pattern: '^[A-Z0-9 -]{3,10}$' },
    country: { type: 'string', pattern: '^[A-Z]{2}$' },
  },
  required: ['name', 'street', 'country'],
  additionalProperties: false,
};
/** An order, with references, formats, patterns and a list. */
const schema = {
  type: 'object',
  properties: {
    orderId: { type: 'string', format: 'uuid' },
    createdAt: { type: 'string', format: 'date-time' },
    customer: { type: 'object', properties: { id: { type: 'string' }, email: { type: 'string', format: 'email' } }, required: ['id'] },
    total: { $ref: '#/$defs/money' },
    shipping: { $ref: '#/$defs/address' },
    billing: { $ref: '#/$defs/address' },
    items: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        properties: {
          sku: { type: 'string', pattern: '^[A-Z]+-\\d+$' },
          quantity: { type: 'integer', minimum: 1 },
          price: { $ref: '#/$defs/money' },
        },
        required: ['sku', 'quantity', 'price'],
      },
    },
    status: { oneOf: [{ const: 'open' }, { const: 'paid' }, { const: 'shipped' }] },
  },
  required: ['orderId', 'createdAt', 'customer', 'total', 'items', 'status'],
  unevaluatedProperties: false,
  $defs: { money, address },
};

const place = { name: 'Ada Lovelace', street: '12 St James Square', postcode: 'SW1Y 4JH', country: 'GB' };
const order = (items: number) => ({
  orderId: '019cabf3-e1c0-7d8a-9f2b-64c1d07e35a8',
  createdAt: '2026-03-02T09:15:00.224Z',
  customer: { id: 'customer-4711', email: 'ada@example.com' },
  total: { amount: 199_900, currency: 'EUR' },
  shipping: place,
  billing: place,
  items: Array.from({ length: items }, (_, n) => ({
    sku: `SKU-${1_000 + n}`,
    quantity: n + 1,
    price: { amount: 19_990, currency: 'EUR' },
  })),
  status: 'paid',
});

function measure(work: () => void): number {
  const run = (untilMs: number) => {
    const from = process.cpuUsage();
    let done = 0;
    for (const end = performance.now() + untilMs; performance.now() < end; done++) work();
    const { user, system } = process.cpuUsage(from);
    return (user + system) / done;
  };
  run(forMs / 4);
  return run(forMs);
}

const say = (line: string) => process.stdout.write(`${line}\n`);
const validate = compile(schema);
say('| µs | 1 KiB | 10 KiB | 100 KiB |');
say('| --- | --- | --- | --- |');
const sizes = [7, 130, 1_350].map(order);
const row = (name: string, work: (data: unknown) => void) =>
  say(`| ${name} | ${sizes.map((data) => measure(() => work(data)).toFixed(1)).join(' | ')} |`);
row('a valid event', (data) => {
  if (validate(data).length > 0) throw new Error('the event must be valid');
});
row('an event with one violation', (data) => {
  if (validate({ ...(data as object), status: 'lost' }).length === 0) throw new Error('the event must be invalid');
});
say('');
say(`sizes: ${sizes.map((data) => Buffer.byteLength(JSON.stringify(data))).join(', ')} bytes`);
say(`compile the schema: ${(measure(() => void compile(schema)) / 1_000).toFixed(1)} ms`);
say(`check the schema before it is stored: ${(measure(() => void checkSchema(schema, [])) / 1_000).toFixed(1)} ms`);
