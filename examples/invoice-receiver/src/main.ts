// Writes an invoice for each order, once, and tells accounting by e-mail.
import { createReceiver, expressReceiver } from '@posthorn/receiver';
import { postgresInbox } from '@posthorn/receiver/postgres';
import express from 'express';
import { createTransport } from 'nodemailer';
import pg from 'pg';
import { amendInvoice, type Order, writeInvoice } from './invoices.ts';
import { startMailer } from './mailer.ts';

const {
  DATABASE_URL,
  WEBHOOK_SECRET = '',
  SMTP_URL = 'smtp://localhost',
  ACCOUNTING = 'accounting@example.com',
  PORT = '3000',
} = process.env;

/** The types of the events, and of their data. */
interface Events {
  'order.created': Order;
  'order.amended': Pick<Order, 'orderId' | 'total'>;
}

const pool = new pg.Pool({ connectionString: DATABASE_URL });
pool.on('error', (error) => console.error(error.message));
const mailer = startMailer(pool, createTransport(SMTP_URL), { from: 'invoices@example.com', to: ACCOUNTING });

const receiver = createReceiver<Events>({
  secrets: WEBHOOK_SECRET,
  inbox: postgresInbox(pool),
  // how soon another process takes over after a crash, and how soon what came too early is tried again
  leaseMs: 2_000,
  retryMs: [200, 500, 1_000, 2_000, 5_000, 30_000, 120_000, 600_000, 3_600_000],
});

receiver.on('order.created', async ({ data }, { transaction }) => {
  await transaction((tx) => writeInvoice(tx, data));
  mailer.wake();
});

receiver.on('order.amended', ({ data }, { transaction }) =>
  transaction(async (tx) => {
    // the order of events is not promised: this is tried again
    if (!(await amendInvoice(tx, data))) throw new Error(`order ${data.orderId} has no invoice yet`);
  }),
);

await receiver.start();
const server = express()
  .post('/hooks', expressReceiver(receiver))
  .listen(Number(PORT), '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${PORT}/hooks`));

process.once('SIGTERM', async () => {
  server.close();
  await receiver.stop();
  await mailer.stop();
  await pool.end();
});
