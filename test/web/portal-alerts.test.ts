// Alerts in the portal: what needs attention, and who is told.
import { expect } from 'vitest';
import { startReceiver } from '../support/receiver.ts';
import { violations } from './support/axe.ts';
import { openPortal } from './support/open-portal.ts';
import { shoot } from './support/screenshot.ts';
import { withPage } from './support/with-page.ts';

withPage('a channel is added, tested, changed and deleted', async ({ openPage, posthorn }) => {
  const { page, watched } = await openPage();
  watched.allow(/status of 422/);
  const receiver = await startReceiver();
  const tenant = await posthorn.makeTenant();
  await openPortal(posthorn, page, tenant, '/alerts');
  await page.getByText('Nothing needs attention.').waitFor();
  await page.getByRole('button', { name: 'Add a channel' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add a channel' });
  await dialog.getByLabel('How?').selectOption('Slack');
  await dialog.getByLabel('URL of the incoming webhook').fill('http://10.0.0.1/x');
  await dialog.getByRole('button', { name: 'Add the channel' }).click();
  await dialog.getByText('10.0.0.1 is a private address').waitFor();
  await dialog.getByLabel('URL of the incoming webhook').fill(`${receiver.url}/slack`);
  await dialog.getByLabel('Only these').check();
  const kinds = ['An endpoint accepts nothing', 'An endpoint was disabled'];
  for (const kind of kinds) await dialog.getByLabel(kind).uncheck();
  await dialog.getByRole('button', { name: 'Add the channel' }).click();
  await dialog.getByText('Choose at least one, or all alerts.').waitFor();
  for (const kind of [...kinds, 'An endpoint answers slowly']) await dialog.getByLabel(kind).check();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'portal-channel');
  await dialog.getByRole('button', { name: 'Add the channel' }).click();
  const channel = page.getByRole('listitem').filter({ hasText: 'Slack' });
  await channel.getByRole('button', { name: 'Send a test' }).click();
  await page.getByText('The test was accepted').waitFor();
  expect(receiver.requests.map(({ path }) => path)).toEqual(['/slack']);
  await shoot(page, 'portal-alerts');
  expect(await violations(page)).toEqual([]);
  await channel.getByRole('button', { name: 'Edit' }).click();
  const edit = page.getByRole('dialog', { name: 'Edit the channel' });
  await edit.getByLabel('From which severity on?').selectOption('Only critical ones');
  await edit.getByRole('button', { name: 'Save' }).click();
  await edit.waitFor({ state: 'hidden' });
  const { body } = await posthorn.get(`/v1/alert-channels?tenant=${tenant}`);
  expect(body.data).toMatchObject([
    { kind: 'slack', minSeverity: 'critical', kinds: ['endpoint.failing', 'endpoint.disabled', 'endpoint.slow'] },
  ]);
  await channel.getByRole('button', { name: 'Send a test' }).click();
  await expect.poll(() => receiver.requests.length).toBe(2);
  await channel.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog', { name: 'Delete this channel?' }).getByRole('button', { name: 'Delete' }).click();
  await page.getByText('Nobody is told yet').waitFor();
  await receiver.close();
});
