// Alert channels in a real browser, with a receiver that answers.
import { expect } from 'vitest';
import { startReceiver } from '../support/receiver.ts';
import { violations } from './support/axe.ts';
import { shoot } from './support/screenshot.ts';
import { canary } from './support/watch-page.ts';
import { openDashboard, withPage } from './support/with-page.ts';

withPage('adds a channel, shows its secret once, tests it with the result at once, changes and deletes it', async ({ page, posthorn }) => {
  const receiver = await startReceiver();
  const tenant = await posthorn.makeTenant();
  const url = new URL(`${receiver.url}/alerts?${canary('url')}`);
  receiver.answer(url.pathname + url.search, [500]);
  await openDashboard(page, '/channels');
  await page.getByRole('button', { name: 'Add a channel' }).click();
  const sheet = page.getByRole('dialog');
  await sheet.getByLabel('Tenant').fill(tenant);
  await sheet.getByLabel('How?').selectOption('webhook');
  await sheet.getByLabel('URL', { exact: true }).fill('http://10.0.0.1/');
  await sheet.getByRole('button', { name: 'Add the channel' }).click();
  await sheet.getByRole('alert').first().waitFor();
  expect((await posthorn.get(`/v1/alert-channels?tenant=${tenant}`)).body.data).toEqual([]);
  await sheet.getByLabel('URL', { exact: true }).fill(url.href);
  await sheet.getByText('Only these').click();
  await sheet.getByLabel('Dead letters').check();
  expect(await sheet.getByLabel('No worker runs').count()).toBe(0);
  expect(await violations(page)).toEqual([]);
  await sheet.getByRole('button', { name: 'Add the channel' }).click();
  const secret = page.getByRole('dialog', { name: 'The channel is there' });
  await secret.getByText(/^whsec_/).waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'channels');
  await secret.getByRole('button', { name: 'I have stored it' }).click();
  expect(await page.getByText(/whsec_/).count()).toBe(0);

  const channel = page.getByRole('listitem').filter({ hasText: tenant });
  await channel.getByRole('button', { name: 'Send a test' }).click();
  await channel.getByRole('alert').waitFor();
  receiver.answer(url.pathname + url.search, [204]);
  await channel.getByRole('button', { name: 'Send a test' }).click();
  await channel.getByText(/^The test was accepted after/).waitFor();

  await channel.getByRole('button', { name: 'Edit' }).click();
  await sheet.getByText('All alerts', { exact: true }).click();
  await sheet.getByLabel('From which severity on?').selectOption('critical');
  await sheet.getByRole('button', { name: 'Save' }).click();
  await channel.getByText('Only critical ones').waitFor();
  const [stored] = (await posthorn.get(`/v1/alert-channels?tenant=${tenant}`)).body.data;
  expect(stored).toMatchObject({ kinds: null, minSeverity: 'critical', settings: { url: url.href, secret: '***' } });
  await channel.getByRole('button', { name: 'Delete' }).click();
  await sheet.getByText('is not told of alerts any more').waitFor();
  await sheet.getByRole('button', { name: 'Delete' }).click();
  await channel.waitFor({ state: 'detached' });
  expect((await posthorn.get(`/v1/alert-channels?tenant=${tenant}`)).body.data).toEqual([]);
  await receiver.close();
});

withPage('a key of one tenant adds channels of this tenant only', async ({ page, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const scopes = ['endpoints:read', 'endpoints:write', 'deliveries:read'];
  const { body } = await posthorn.post('/v1/api-keys', { name: 'bound', tenant, scopes });
  await openDashboard(page, '/channels', body.key);
  await page.getByRole('button', { name: 'Add a channel' }).first().click();
  const sheet = page.getByRole('dialog');
  await sheet.getByLabel('E-mail addresses').fill('ops@example.com');
  expect(await sheet.getByLabel('Tenant').count()).toBe(0);
  await sheet.getByText('Only these').click();
  await sheet.getByLabel('Dead letters').check();
  expect(await sheet.getByLabel('No worker runs').count()).toBe(0);
});
