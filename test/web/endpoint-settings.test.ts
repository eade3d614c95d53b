// The settings of an endpoint: the effect of each change before it is saved, refusals at their fields, nothing lost.
import { expect } from 'vitest';
import { testApiKey } from '../support/posthorn.ts';
import { startReceiver } from '../support/receiver.ts';
import { violations } from './support/axe.ts';
import { shoot } from './support/screenshot.ts';
import { canary } from './support/watch-page.ts';
import { openDashboard, withPage } from './support/with-page.ts';

withPage('shows what a change does, refuses at its field, and saves what was typed over', async ({ page, posthorn }) => {
  const receiver = await startReceiver();
  const tenant = await posthorn.makeTenant();
  const settings = { description: canary('description'), headers: { 'x-token': 'abc' }, metadata: { note: canary('metadata') } };
  const { id } = await posthorn.makeEndpoint(tenant, `${receiver.url}/hook`, settings);
  await posthorn.postEvent(tenant, { type: 'web.settings', data: { amount: 5 } });
  await openDashboard(page, `/endpoints/${id}/settings`);
  await page.getByLabel('Requests a second').fill('2');
  await page.getByText('At most 2 requests a second, and 1 request at once after an idle time.').waitFor();
  await page.getByRole('button', { name: 'Edit as JSON' }).click();
  await page.getByLabel('Filter as JSON').fill('{ "data.amount": { "$gte": 12345678901234567890 } }');
  await page.getByText('it would get 0; as it is, 1').waitFor();
  await page.getByLabel('Timeout in seconds').fill('soon');
  await page.getByRole('alert').filter({ hasText: 'must be a number' }).waitFor();
  await page.getByLabel('Timeout in seconds').fill('90');
  await page.getByRole('button', { name: 'Save 3 changes' }).click();
  await page.getByRole('alert').filter({ hasText: /30/ }).first().waitFor();
  await page.getByLabel('Timeout in seconds').fill('15');
  await page.getByLabel('Order', { exact: true }).selectOption('endpoint');
  await page.getByText('One request at a time, in the order of acceptance.').waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'endpoint-settings');
  await page.getByRole('button', { name: 'Save 3 changes' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('A refused delivery holds up all after it.').waitFor();
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Save 3 changes' }).click();
  await page.getByText('The settings are in force.').waitFor();
  await page.getByRole('region', { name: 'Changes' }).waitFor({ state: 'hidden' });
  const { body } = await posthorn.get(`/v1/endpoints/${id}`);
  expect(body).toMatchObject({ rateLimit: { perSecond: 2 }, ordering: 'endpoint', timeoutMs: 15_000, headers: { 'x-token': '***' } });
  // all digits, in the store and in the form
  const answer = await fetch(`${posthorn.origin}/v1/endpoints/${id}`, { headers: { authorization: `Bearer ${testApiKey}` } });
  expect(await answer.text()).toContain('12345678901234567890');
  await page.reload();
  await page.getByRole('button', { name: 'Edit as JSON' }).click();
  expect(await page.getByLabel('Filter as JSON').inputValue()).toContain('12345678901234567890');
  await receiver.close();
});

withPage('asks before changes are left', async ({ page, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const { id } = await posthorn.makeEndpoint(tenant, 'http://127.0.0.1:9/hook');
  await openDashboard(page, `/endpoints/${id}/settings`);
  await page.getByLabel('Description').fill('typed');
  await page.getByRole('link', { name: 'Lane' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Leave without saving?').waitFor();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  expect(await page.getByLabel('Description').inputValue()).toBe('typed');
  await page.getByRole('button', { name: 'Discard' }).click();
  await page.getByRole('link', { name: 'Lane' }).click();
  await page.getByText('What waits, and why').waitFor();
});

withPage('shows the order of an endpoint, and skips what blocks it', async ({ page, posthorn }) => {
  const receiver = await startReceiver();
  const tenant = await posthorn.makeTenant();
  const key = canary('key').replaceAll(' ', '/');
  receiver.answer('/hook', [400]);
  const settings = { ordering: 'key', onDeadLetter: 'block', retry: { schedule: ['1ms'] } };
  const { id } = await posthorn.makeEndpoint(tenant, `${receiver.url}/hook`, settings);
  await posthorn.postEvent(tenant, { orderingKey: key });
  await posthorn.postEvent(tenant, { orderingKey: key });
  await openDashboard(page, `/endpoints/${id}/lane`);
  const row = page.getByRole('row').filter({ hasText: 'a dead letter' });
  await row.waitFor();
  await row.getByRole('button', { name: /Sequence of/ }).click();
  await page.getByText('Last sent').waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'endpoint-order');
  receiver.answer('/hook', [200]);
  await row.getByRole('button', { name: 'Skip it' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Skip the dead letter' }).click();
  await page.getByText('No ordering key has a delivery that waits or is blocked.').waitFor();
  await receiver.close();
});

withPage('is read only for a key that may not change, and says which role it needs', async ({ page, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const { id } = await posthorn.makeEndpoint(tenant, 'http://127.0.0.1:9/hook');
  const { body } = await posthorn.call('POST', '/v1/api-keys', { name: 'viewer', scopes: ['endpoints:read', 'deliveries:read'] });
  await openDashboard(page, `/endpoints/${id}/settings`, body.key);
  await page.getByRole('button', { name: /Delete.*needs the role operator/ }).waitFor();
  expect(await page.getByLabel('Description').isDisabled()).toBe(true);
  await page.getByRole('link', { name: 'Secrets and verification' }).click();
  await page.getByRole('button', { name: /Rotate the secret.*needs the role operator/ }).press('Enter');
  expect(await page.getByRole('dialog').count()).toBe(0);
});
