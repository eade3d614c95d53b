// `node bench/filters.ts`: measures the cost of a filter in microseconds of one core: for the first endpoint of an event, which
// includes reading the body, and for each further one; and the most expensive filters and events that are allowed.
import { contentOf } from '#db/events/read-content';
import { judge } from '#domain/events/subscription';
import { Filter, filterOf } from '#domain/filters/filter';

const forMs = 500;

const usual = {
  id: '7b8e1f0a-53f2-4c57-9d5e-2f6f0c1d8a3b',
  status: 'paid',
  amount: 249.99,
  currency: 'EUR',
  createdAt: '2026-03-02T09:15:00.000Z',
  customer: { id: 'cus_48151623', email: 'someone@example.com', country: 'DE', tags: ['b2b', 'newsletter'] },
  items: Array.from({ length: 6 }, (_, n) => ({
    sku: `SKU-${1_000 + n}`,
    quantity: n + 1,
    price: 19.99 + n,
    title: 'A thing of some length',
  })),
  note: '',
};
usual.note = 'x'.repeat(1_024 - 80 - JSON.stringify(usual).length);

const bodyOf = (data: string) => Buffer.from(`{"type":"order.paid","timestamp":"2026-03-02T09:15:00.000Z","data":${data}}`);
const events = {
  '1 KiB': bodyOf(JSON.stringify(usual)),
  '1 KiB, a 64-bit id': bodyOf(
    JSON.stringify({ ...usual, note: usual.note.slice(32), big: 0 }).replace('"big":0', '"big":9007199254740993'),
  ),
};
const filters = {
  'one comparison': '{"data.amount":{"$gte":100}}',
  'equal numbers': '{"data.amount":249.99}',
  'five conditions':
    '{"type":{"$prefix":"order."},"data.amount":{"$gte":100,"$lt":1000},"data.currency":{"$in":["EUR","USD"]},"data.customer.country":{"$ne":"US"}}',
  'in a list': '{"data.items.*.sku":"SKU-1005"}',
};

function microseconds(run: () => void): number {
  const repeat = (untilMs: number) => {
    const from = process.cpuUsage();
    let done = 0;
    for (const end = performance.now() + untilMs; performance.now() < end; done++) run();
    const { user, system } = process.cpuUsage(from);
    return (user + system) / done;
  };
  repeat(forMs / 4);
  return repeat(forMs);
}

const many = 100;
const say = (line: string) => process.stdout.write(`${line}\n`);

say('| filter, event | bytes | first endpoint | each further one |');
say('| --- | --- | --- | --- |');
for (const [name, text] of Object.entries(filters))
  for (const [size, body] of Object.entries(events)) {
    const filter = new Filter(text);
    const first = microseconds(() => void filter.decide(contentOf(body)));
    const content = contentOf(body);
    const further = microseconds(() => {
      for (let n = 0; n < many; n++) filter.decide(content);
    });
    say(`| ${name}, ${size} | ${body.length} | ${first.toFixed(2)} | ${(further / many).toFixed(2)} |`);
  }

const plain = { eventTypes: ['order.*'], channels: [], filter: null };
const address = { type: 'order.paid', channels: [], content: null };
const judged = microseconds(() => {
  for (let n = 0; n < many; n++) judge(plain, address);
});
say(`\njudge without a filter: ${((1_000 * judged) / many).toFixed(1)} ns`);

const largest = 256 * 1024 - 100;
const listOf = (item: string) =>
  `[${Array(Math.floor(largest / (item.length + 1)))
    .fill(item)
    .join(',')}]`;
const any = (count: number, condition: (n: number) => string) =>
  `{"$or":[${Array.from({ length: count }, (_, n) => condition(n)).join(',')}]}`;
const worst: Record<string, [filter: string, body: Buffer]> = {
  'parse 256 KiB of numbers': ['{"data.x":1}', bodyOf(listOf('1'))],
  'parse 256 KiB of long numbers': ['{"data.x":1}', bodyOf(listOf('1e1'))],
  '5 searches of all numbers': [any(5, (n) => `{"data.*":{"$gt":${n + 5}}}`), bodyOf(listOf('1'))],
  '5 exact searches of long numbers': [any(5, () => '{"data.*":{"$eq":10.0000000000000000001}}'), bodyOf(listOf('1e1'))],
  '5 searches for many values': [
    any(5, (n) => `{"data.*":{"$in":[${Array.from({ length: 99 }, (_, m) => `"x${n}${m}"`).join(',')}]}}`),
    bodyOf(listOf('"y"')),
  ],
  '45 searches for a text that nearly fits': [
    any(45, (n) => `{"data":{"$contains":"${n % 9}${'a'.repeat(45)}"}}`),
    bodyOf(`"${'a'.repeat(largest)}"`),
  ],
  'a search for a long text that nearly fits': [`{"data":{"$contains":"b${'a'.repeat(199)}"}}`, bodyOf(`"${'a'.repeat(largest)}"`)],
  '19 searches for a text in halves': [
    any(19, (n) => `{"data":{"$contains":"${'a'.repeat(60 + n)}b${'a'.repeat(100)}"}}`),
    bodyOf(`"${'a'.repeat(largest)}"`),
  ],
  'a number of 250,000 digits': ['{"data":{"$gt":1e400}}', bodyOf(`1${'0'.repeat(largest - 10)}`)],
  'an exponent of 250,000 digits': ['{"data":{"$gt":1e400}}', bodyOf(`1e${'1'.repeat(largest - 10)}`)],
};
say('\n| the most expensive | ms to read the body | ms to decide |');
say('| --- | --- | --- |');
for (const [name, [text, body]] of Object.entries(worst)) {
  const filter = filterOf(text) as Filter;
  const content = contentOf(body);
  const read = microseconds(() => void contentOf(body).root);
  const decided = microseconds(() => void filter.decide(content));
  say(`| ${name} | ${(read / 1_000).toFixed(2)} | ${(decided / 1_000).toFixed(2)} |`);
}
