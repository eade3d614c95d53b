// examples/invoice-receiver behind a real Posthorn: one invoice and one e-mail for each order, although requests come
// twice, in any order, and the process is killed again and again.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect } from 'vitest';
import { createEmptyDatabase, type TestDatabase } from '../support/database.ts';
import { ownPort } from '../support/own-port.ts';
import { type Received, type Receiver, startReceiver } from '../support/receiver.ts';
import { withPosthorn } from '../support/shared-posthorn.ts';
import { startSmtp, type TestSmtp } from '../support/smtp.ts';
import { compileCache } from '../support/start-cost.ts';
import { until } from '../support/until.ts';

const orders = 8;
const kills = 2;

let database: TestDatabase;
let smtp: TestSmtp;
/** Between Posthorn and the example: repeats requests, and refuses the first one of some. */
let disturber: Receiver;
let port: number;
let child: ChildProcess | undefined;
beforeAll(async () => {
  [database, smtp, disturber, port] = await Promise.all([createEmptyDatabase(), startSmtp(), startReceiver(), ownPort()]);
  await database.db.query(readFileSync('examples/invoice-receiver/schema.sql', 'utf8'));
});
afterAll(async () => {
  child?.kill('SIGKILL');
  await disturber?.close();
  await smtp?.close();
  await database?.drop();
});

async function startExample(secret: string): Promise<void> {
  const env = {
    ...{ PATH: process.env.PATH ?? '', NODE_COMPILE_CACHE: compileCache, PORT: String(port) },
    ...{ DATABASE_URL: database.url, WEBHOOK_SECRET: secret, SMTP_URL: smtp.url, ACCOUNTING: 'accounting@example.com' },
  };
  const args = ['--conditions=posthorn-source', 'examples/invoice-receiver/src/main.ts'];
  const started = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  child = started;
  let said = '';
  started.stdout.on('data', (chunk) => {
    said += chunk;
  });
  await until('the example', () => said.includes('listening'));
}

async function killExample(): Promise<void> {
  child?.kill('SIGKILL');
  await until('its end', () => child?.signalCode === 'SIGKILL');
}

const forward = ({ headers: { host: _host, connection: _connection, 'content-length': _length, ...headers }, body }: Received) =>
  fetch(`http://127.0.0.1:${port}/hooks`, { method: 'POST', headers, body }).then(
    ({ status }) => status,
    () => 502,
  );

function disturb(): void {
  disturber.answer('/hooks', async (request, response, count) => {
    // so the amendment of every second order comes before the order
    const isFirst = count === 1 && request.body.includes('order.created') && Number(/"n":(\d+)/.exec(String(request.body))?.[1]) % 2 === 0;
    if (isFirst) return void response.writeHead(503).end();
    const [status = 502] = await Promise.all([forward(request), forward(request)]);
    response.writeHead(status).end();
  });
}

const invoices = async () =>
  (await database.db.query('select order_id, total::text, mailed_at is not null as mailed from invoices order by order_id')).rows;

withPosthorn('one invoice and one e-mail for each order, whatever happens', async ({ posthorn }) => {
  disturb();
  const tenant = await posthorn.makeTenant();
  const retry = { schedule: Array.from({ length: 30 }, () => '1s') };
  const { id: endpoint, secret } = await posthorn.makeEndpoint(tenant, `${disturber.url}/hooks`, { eventTypes: ['order.*'], retry });
  await startExample(secret);
  const ids = Array.from({ length: orders }, (_, n) => `order-${String(n).padStart(2, '0')}`);
  const post = (type: string, orderId: string, n: number, total: string) =>
    posthorn.postEvent(tenant, { type, data: { orderId, n, customer: 'ACME', total } });
  for (const [n, orderId] of ids.entries()) {
    await Promise.all([post('order.created', orderId, n, '10.50'), post('order.amended', orderId, n, '12345678901234567.89')]);
    // a second event about the same order
    if (n % 3 === 0) await post('order.created', orderId, n, '10.50');
    if (n % 4 === 3) {
      await killExample();
      await startExample(secret);
    }
  }
  await until(
    'all deliveries',
    async () => (await posthorn.get(`/v1/deliveries?endpoint=${endpoint}&status=succeeded&limit=250`)).body.data.length === 2 * orders + 3,
  );
  await until('the invoices', async () => {
    const written = await invoices();
    return written.length === orders && written.every(({ total, mailed }) => total === '12345678901234567.89' && mailed);
  });
  // what was sent again after a crash has the Message-ID of before, by which mail servers know it
  const mailIds = smtp.mails.map(({ text }) => /^Message-ID: <(.*?)@/im.exec(text)?.[1]);
  expect([...new Set(mailIds)].sort()).toEqual(ids.map((id) => `invoice-${id}`));
  expect(mailIds.length).toBeLessThanOrEqual(orders + kills);
  expect(smtp.mails.every(({ to }) => to.join() === 'accounting@example.com')).toBe(true);
  // the same events once more: nothing is written, nothing is sent
  const before = [await invoices(), smtp.mails.length];
  const again = await posthorn.post('/v1/replays', {
    tenant,
    endpoint,
    status: ['succeeded'],
    since: new Date(Date.now() - 3_600_000),
    until: new Date(Date.now() + 60_000),
  });
  expect(again.status).toBe(202);
  await until('the replay', async () => (await posthorn.get(`/v1/replays/${again.body.id}`)).body.status === 'done');
  expect(disturber.requests.some(({ headers }) => headers['posthorn-replay'] === '2')).toBe(true);
  expect([await invoices(), smtp.mails.length]).toEqual(before);
});
