// Keys, portal links, sessions and the audit log in the dashboard, in a real browser.
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { violations } from './support/axe.ts';
import { shoot } from './support/screenshot.ts';
import { canary } from './support/watch-page.ts';
import { openDashboard, withPage } from './support/with-page.ts';

/** The secret that a dialog shows once. Nothing else closes it. */
async function takeSecret(page: Page): Promise<string> {
  const stored = page.getByRole('button', { name: 'I have stored it' });
  await stored.waitFor();
  const text = (await page.getByRole('dialog').locator('code').textContent()) ?? '';
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'secret-once');
  await page.keyboard.press('Escape');
  await stored.click();
  await stored.waitFor({ state: 'detached' });
  return text;
}

withPage('an API key is made, shown once, and revoked after its effect was read', async ({ page, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  await openDashboard(page, `/keys?tenant=${tenant}`);
  await page.getByText('No API keys').waitFor();
  await page.getByRole('button', { name: 'New key' }).click();
  const name = canary('name');
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('Networks').fill('not a network');
  await page.getByRole('button', { name: 'Make the key' }).click();
  await page.getByText('must be a CIDR').waitFor();
  await page.getByLabel('Networks').fill('127.0.0.0/8');
  await page.getByLabel('deliveries:read').check();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'new-key');
  // the form is closed, and another page is open, before the answer is there: the key is shown all the same
  const answered = Promise.withResolvers<void>();
  await page.route('**/v1/api-keys', async (route) => {
    if (route.request().method() === 'POST') await answered.promise;
    await route.continue();
  });
  await page.getByRole('button', { name: 'Make the key' }).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('link', { name: 'Status' }).click();
  await page.getByText(/^Version .*, as of/).waitFor();
  answered.resolve();
  const key = await takeSecret(page);
  await page.goBack();
  const read = async () => (await posthorn.call('GET', `/v1/deliveries?tenant=${tenant}`, undefined, { key })).status;
  expect(await read()).toBe(200);
  const row = page.getByRole('row').filter({ hasText: 'Valid' });
  await row.getByText('events:write, deliveries:read').waitFor();
  await shoot(page, 'keys');
  await row.getByRole('button', { name: /^Revoke/ }).click();
  await page.getByText('Every call with').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click();
  await page.getByRole('row').filter({ hasText: 'Revoked' }).waitFor();
  expect(await read()).toBe(401);
});

withPage('a portal link is made, opens the portal of its tenant, and is revoked', async ({ page, posthorn, openPage }) => {
  const tenant = await posthorn.makeTenant();
  await openDashboard(page, `/links?tenant=${tenant}`);
  await page.getByRole('button', { name: 'New link' }).click();
  await page.getByLabel('Tenant', { exact: true }).last().fill('no-such-tenant');
  await page.getByRole('button', { name: 'Make the link' }).click();
  await page.getByText('There is no such tenant').waitFor();
  await page.getByLabel('Tenant', { exact: true }).last().fill(tenant);
  await page.getByLabel('Sites that may embed it').fill('https://app.example.com');
  await page.getByRole('button', { name: 'Make the link' }).click();
  const address = await takeSecret(page);
  const { page: portal } = await openPage();
  await portal.goto(address);
  await portal.getByText(tenant).first().waitFor();
  const row = page.getByRole('row').filter({ hasText: 'https://app.example.com' });
  await row.getByText('Valid').waitFor();
  await shoot(page, 'links');
  await row.getByRole('button', { name: /^Revoke/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click();
  await row.getByText('Revoked').waitFor();
});

withPage('who is signed in is listed, and signed out by an administrator', async ({ page, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const { key } = (await posthorn.post('/v1/api-keys', { name: 'x', scopes: ['admin'], tenant })).body;
  const { token } = (await posthorn.post('/v1/sessions', { key })).body;
  await openDashboard(page, `/sessions?tenant=${tenant}`);
  const row = page.getByRole('row').filter({ hasText: 'Signed in' }).filter({ hasText: tenant });
  await row.getByText('admin').waitFor();
  await shoot(page, 'sessions');
  await row.getByRole('button', { name: /^Revoke/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click();
  await page.getByRole('row').filter({ hasText: 'Signed out' }).waitFor();
  expect((await posthorn.call('GET', '/v1/sessions/current', undefined, { key: token })).status).toBe(401);
});

withPage('the audit log is filtered, opened and verified, with the keyboard alone', async ({ page, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const { id } = await posthorn.makeEndpoint(tenant, 'http://127.0.0.1:9/audited', { description: canary('description') });
  await posthorn.post(`/v1/endpoints/${id}/pause`);
  await openDashboard(page, `/audit?tenant=${tenant}&action=endpoint.create`);
  const entry = page.getByRole('button', { name: /endpoint\.create/ });
  await entry.waitFor();
  expect(await page.getByRole('row').count()).toBe(2);
  await shoot(page, 'audit');
  await entry.focus();
  await page.keyboard.press('Enter');
  const sheet = page.getByRole('dialog');
  await sheet.getByText(id).first().waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'audit-entry');
  const hash = (await posthorn.get(`/v1/audit-log?tenant=${tenant}&limit=1`)).body.data[0].hash;
  await page.keyboard.press('Escape');
  await sheet.waitFor({ state: 'hidden' });
  await page.getByLabel('Action').selectOption('');
  await page.getByRole('button', { name: /endpoint\.pause/ }).waitFor();
  await page.waitForURL((url) => !url.searchParams.has('action'));
  await page.goBack();
  await page.getByRole('button', { name: /endpoint\.pause/ }).waitFor({ state: 'hidden' });
  await page.getByText('Verify the log').focus();
  await page.keyboard.press('Enter');
  await page.getByLabel('Expected hash').fill('nothing of the kind');
  await page.keyboard.press('Enter');
  await page.getByText('must be a hash of 64 hex digits').waitFor();
  await page.getByLabel('Expected hash').fill(hash);
  await page.keyboard.press('Enter');
  await page.getByText(/Unbroken: [\d,]+ entries/).waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'audit-verified');
});
