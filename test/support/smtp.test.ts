// The SMTP server of the tests outlives its clients, as a mail server does.
import { once } from 'node:events';
import { connect } from 'node:net';
import { createTransport } from 'nodemailer';
import { expect, it, onTestFinished } from 'vitest';
import { startSmtp } from './smtp.ts';
import { until } from './until.ts';

it('goes on when a client dies in the middle of a message', async () => {
  const smtp = await startSmtp();
  onTestFinished(smtp.close);
  const { hostname, port } = new URL(smtp.url);
  const socket = connect(Number(port), hostname);
  const answer = async () => String((await once(socket, 'data'))[0]);
  expect(await answer()).toContain('220 ');
  for (const line of ['HELO client', 'MAIL FROM:<a@example.com>']) {
    socket.write(`${line}\r\n`);
    expect(await answer()).toContain('250 ');
  }
  socket.resetAndDestroy();
  await once(socket, 'close');
  await until('the reset', () => smtp.resets === 1);
  await createTransport(smtp.url).sendMail({ from: 'b@example.com', to: 'c@example.com', text: 'still here' });
  expect(smtp.mails).toHaveLength(1);
});
