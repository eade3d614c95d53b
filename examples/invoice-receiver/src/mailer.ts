// Tells accounting about each invoice. If the process dies after the mail server has accepted an e-mail, it is sent again
// with the same Message-ID.
import type { Transporter } from 'nodemailer';
import type { Pool } from 'pg';
import { type Invoice, lockUnmailed, markMailed } from './invoices.ts';

export interface Mailer {
  /** Sends what was not mailed, now. */
  wake(): void;
  stop(): Promise<void>;
}

const everyMs = 1_000;

export function startMailer(pool: Pool, transport: Transporter, { from, to }: { from: string; to: string }): Mailer {
  const send = ({ number, orderId, customer, total }: Invoice) =>
    transport.sendMail({
      ...{ from, to, messageId: `<invoice-${encodeURIComponent(orderId)}@invoice-receiver>` },
      subject: `Invoice ${number} for order ${orderId}`,
      text: `Customer: ${customer}\nTotal: ${total}\n`,
    });

  /** False: nothing is left. */
  async function sendNext(): Promise<boolean> {
    const client = await pool.connect();
    try {
      await client.query('begin');
      const invoice = await lockUnmailed(client);
      if (invoice) {
        await send(invoice);
        await markMailed(client, invoice);
      }
      await client.query('commit');
      return invoice !== undefined;
    } finally {
      // without a commit, closing the connection rolls back
      client.release(true);
    }
  }

  let running = Promise.resolve();
  const wake = () => {
    running = running.then(async () => {
      try {
        while (await sendNext());
      } catch (error) {
        console.error(`accounting is told later: ${error}`);
      }
    });
  };
  const timer = setInterval(wake, everyMs);
  return {
    wake,
    stop() {
      clearInterval(timer);
      return running;
    },
  };
}
