// Forms keep what was typed when somebody else changes the same thing, say so, and do not replace it unseen.
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { violations } from './support/axe.ts';
import { openPortal } from './support/open-portal.ts';
import { shoot } from './support/screenshot.ts';
import { openDashboard, withPage } from './support/with-page.ts';

withPage('what is typed stays, and what somebody else changed meanwhile is shown before it is replaced', async ({ page, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const change = (body: object) => posthorn.call('PATCH', `/v1/tenants/${tenant}`, body);
  await openDashboard(page, `/tenants/${tenant}`);
  const name = page.getByLabel('Name', { exact: true });
  await name.fill('Mine');
  await change({ name: 'Theirs', maxEndpoints: 7 });
  const save = page.getByRole('button', { name: 'Save', exact: true });
  await save.click();
  const notice = page.getByRole('status').filter({ hasText: 'Somebody else has changed this' });
  await notice.getByText('Name: Theirs').waitFor();
  expect(await name.inputValue()).toBe('Mine');
  // what nobody typed over follows
  expect(await page.getByLabel('Endpoints, at most').inputValue()).toBe('7');
  expect((await posthorn.get(`/v1/tenants/${tenant}`)).body.name).toBe('Theirs');
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'changed-meanwhile');
  await save.click();
  await page.getByText('The settings are in force.').waitFor();
  expect((await posthorn.get(`/v1/tenants/${tenant}`)).body).toMatchObject({ name: 'Mine', maxEndpoints: 7 });
  await name.fill('Mine again');
  await change({ name: 'Theirs again' });
  await save.click();
  await notice.getByRole('button', { name: 'Use what is stored' }).click();
  expect(await name.inputValue()).toBe('Theirs again');
});

withPage('what is typed while a save is under way stays, and what is put back is not a change', async ({ page, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  await openDashboard(page, `/tenants/${tenant}`);
  const { promise: released, resolve: goOn } = Promise.withResolvers<void>();
  await page.route(`**/v1/tenants/${tenant}`, async (route) => {
    if (route.request().method() === 'PATCH') await released;
    await route.continue();
  });
  const [name, most] = [page.getByLabel('Name', { exact: true }), page.getByLabel('Endpoints, at most')];
  const before = await most.inputValue();
  const sending = page.waitForRequest((request) => request.method() === 'PATCH');
  await name.fill('Sent');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await sending;
  await name.fill('Typed since');
  await most.fill('9');
  goOn();
  await page.getByText('The settings are in force.').waitFor();
  expect([await name.inputValue(), await most.inputValue()]).toEqual(['Typed since', '9']);
  expect(await page.getByText('Somebody else has changed this').count()).toBe(0);
  await name.fill('Sent');
  await most.fill(before);
  await posthorn.call('PATCH', `/v1/tenants/${tenant}`, { name: 'Theirs' });
  await page.getByRole('button', { name: /^Save.*nothing is changed/ }).waitFor();
  await page.reload();
  await expect.poll(() => name.inputValue()).toBe('Theirs');
});

withPage('a form sends only what was typed over', async ({ page, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const { body } = await posthorn.post('/v1/alert-channels', { tenant, kind: 'webhook', settings: { url: 'http://127.0.0.1:9/alerts' } });
  await openDashboard(page, '/channels');
  await page.getByRole('listitem').filter({ hasText: tenant }).getByRole('button', { name: 'Edit' }).click();
  const sheet = page.getByRole('dialog');
  await sheet.getByLabel('Quiet period').fill('20m');
  await posthorn.call('PATCH', `/v1/alert-channels/${body.id}`, { minSeverity: 'critical' });
  await sheet.getByRole('button', { name: 'Save' }).click();
  await sheet.waitFor({ state: 'detached' });
  expect((await posthorn.get(`/v1/alert-channels/${body.id}`)).body).toMatchObject({ minSeverity: 'critical', quietPeriod: '20m' });
});

/** Holds the first change that a page sends: what it was compared with has been read by then. */
async function holdChange(page: Page, path: string): Promise<{ isSent: Promise<void>; letGo: () => void }> {
  const { promise: isSent, resolve: sent } = Promise.withResolvers<void>();
  const { promise: isFree, resolve: letGo } = Promise.withResolvers<void>();
  await page.route(`**${path}`, async (route) => {
    if (route.request().method() === 'PATCH') {
      sent();
      await isFree;
    }
    await route.continue();
  });
  return { isSent, letGo };
}

withPage('of two operators who save at the same moment, the second sees what the first has saved', async ({ openPage, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const { id } = await posthorn.makeEndpoint(tenant, 'http://127.0.0.1:9/hook', { headers: { 'x-token': 'old' } });
  await posthorn.post(`/v1/endpoints/${id}/pause`);
  const [{ page: ada }, { page: bob }] = [await openPage(), await openPage()];
  const save = (page: Page, changes: string) => page.getByRole('button', { name: `Save ${changes}`, exact: true }).click();
  const isSaved = (page: Page) => page.getByRole('region', { name: 'Changes' }).waitFor({ state: 'hidden' });
  for (const page of [ada, bob]) await openDashboard(page, `/endpoints/${id}/settings`);
  const held = await holdChange(bob, `/v1/endpoints/${id}`);
  await bob.getByLabel('Description').fill('by bob');
  await bob.getByLabel('Timeout in seconds').fill('7');
  await save(bob, '2 changes');
  await held.isSent;
  await ada.getByLabel('Description').fill('by ada');
  await ada.getByLabel('Requests a second').fill('4');
  await save(ada, '2 changes');
  await isSaved(ada);
  held.letGo();
  await bob.getByRole('status').filter({ hasText: 'Somebody else has changed this' }).getByText('description: by ada').waitFor();
  expect([await bob.getByLabel('Description').inputValue(), await bob.getByLabel('Requests a second').inputValue()]).toEqual([
    'by bob',
    '4',
  ]);
  expect((await posthorn.get(`/v1/endpoints/${id}`)).body).toMatchObject({ description: 'by ada', timeoutMs: 15_000 });
  // what is not shown cannot be compared: the form asks for a second look
  const header = { headers: { 'x-token': 'new' } };
  await bob.getByLabel('Headers').fill('x-token: mine');
  await posthorn.call('PATCH', `/v1/endpoints/${id}`, header);
  // not even when the page has read again meanwhile, here after an order
  const read = bob.waitForResponse((response) => response.url().endsWith(`/v1/endpoints/${id}`) && response.ok());
  await bob.getByRole('button', { name: 'Resume' }).click();
  await read;
  await save(bob, '3 changes');
  await bob.getByRole('alert').getByText('maybe a value that is not shown').waitFor();
  expect(await bob.getByLabel('Headers').inputValue()).toBe('x-token: mine');
  expect(await violations(bob)).toEqual([]);
  await shoot(bob, 'changed-unseen');
  const { etag } = (await posthorn.call('PATCH', `/v1/endpoints/${id}`, header)).body;
  await save(bob, '3 changes');
  await isSaved(bob);
  const { body } = await posthorn.get(`/v1/endpoints/${id}`);
  expect(body).toMatchObject({ description: 'by bob', timeoutMs: 7_000, rateLimit: { perSecond: 4 } });
  expect(body.etag).not.toBe(etag);
});

withPage('the same in the portal; what both have not changed is saved without a question', async ({ openPage, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const { id } = await posthorn.makeEndpoint(tenant, 'http://127.0.0.1:9/hook');
  const [{ page: ada }, { page: bob }] = [await openPage(), await openPage({ width: 360 })];
  for (const page of [ada, bob]) {
    await openPortal(posthorn, page, tenant, `/endpoints/${id}/edit`);
    await page.getByText('More settings').click();
  }
  const save = (page: Page) => page.getByRole('button', { name: 'Save changes' }).click();
  const held = await holdChange(bob, `/v1/endpoints/${id}`);
  await bob.getByLabel('Description').fill('by bob');
  await save(bob);
  await held.isSent;
  await ada.getByLabel('Description').fill('by ada');
  await save(ada);
  await ada.getByText('by ada').waitFor();
  held.letGo();
  await bob.getByRole('status').filter({ hasText: 'Somebody else has changed this' }).getByText('by ada').waitFor();
  expect(await bob.getByLabel('Description').inputValue()).toBe('by bob');
  await shoot(bob, 'portal-changed-meanwhile');
  await posthorn.call('PATCH', `/v1/endpoints/${id}`, { timeoutMs: 9_000 });
  await save(bob);
  await bob.waitForURL(`**/endpoints/${id}`);
  expect((await posthorn.get(`/v1/endpoints/${id}`)).body).toMatchObject({ description: 'by bob', timeoutMs: 9_000 });
});
