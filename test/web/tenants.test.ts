// Tenants in the dashboard: made, changed, deleted.
import { expect } from 'vitest';
import { violations } from './support/axe.ts';
import { shoot } from './support/screenshot.ts';
import { canary } from './support/watch-page.ts';
import { openDashboard, withPage } from './support/with-page.ts';

withPage('makes a tenant, refuses a bad id at its field, changes it, deletes it after its id was typed', async ({ page, posthorn }) => {
  const id = `web-tenant-${Date.now()}`;
  await openDashboard(page, '/tenants');
  await page.getByRole('button', { name: 'New tenant' }).click();
  await page.getByLabel('Name', { exact: true }).fill(canary('name'));
  await page.getByLabel('Id', { exact: true }).fill('no spaces, please');
  // a click beside it does not close what is typed into
  await page.mouse.click(5, 5);
  await page.getByRole('button', { name: 'Make the tenant' }).click();
  await page.getByRole('alert').filter({ hasText: /must/ }).first().waitFor();
  await page.getByLabel('Id', { exact: true }).fill(id);
  await page.getByRole('button', { name: 'Make the tenant' }).click();
  await page.waitForURL(`**/dashboard/tenants/${id}`);
  await page.getByText('nothing was sent').waitFor();
  await page.getByRole('navigation', { name: 'Of this tenant' }).getByRole('link', { name: 'API keys' }).click();
  await page.waitForURL(`**/dashboard/keys?tenant=${id}`);
  await page.goBack();
  await page.getByText('nothing was sent').waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'tenant');
  const limit = page.getByLabel('Endpoints, at most');
  await limit.fill('many');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('alert').filter({ hasText: /./ }).first().waitFor();
  await limit.fill('1.5');
  await page.getByText('must be a whole number').waitFor();
  await limit.fill('');
  await page.getByText('must be a whole number').waitFor();
  await page.getByRole('button', { name: 'Save' }).click();
  await limit.fill('7');
  await page.getByLabel('Requests a second').fill('2,5');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('The settings are in force.').waitFor();
  expect((await posthorn.get(`/v1/tenants/${id}`)).body).toMatchObject({
    maxEndpoints: 7,
    rateLimit: { perSecond: 2.5 },
    name: canary('name'),
  });
  await page.getByRole('link', { name: 'Tenants', exact: true }).click();
  await page.getByRole('link', { name: id }).waitFor();
  await shoot(page, 'tenants');
  await page.getByRole('link', { name: id }).click();
  await page.getByRole('button', { name: 'Delete' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: /type the id first/ }).waitFor();
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('textbox').fill(id);
  await dialog.getByRole('button', { name: 'Delete the tenant' }).click();
  await page.waitForURL('**/dashboard/tenants');
  expect((await posthorn.get(`/v1/tenants/${id}`)).status).toBe(404);
});
