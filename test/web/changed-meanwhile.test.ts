// Forms keep what was typed when somebody else changes the same thing, say so, and do not replace it unseen.
import { expect } from 'vitest';
import { violations } from './support/axe.ts';
import { shoot } from './support/screenshot.ts';
import { openDashboard, withPage } from './support/with-page.ts';

withPage('what is typed stays, and what somebody else changed meanwhile is shown before it is replaced', async ({ page, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const change = (body: object) => posthorn.call('PATCH', `/v1/tenants/${tenant}`, body);
  await openDashboard(page, `/tenants/${tenant}`);
  const name = page.getByLabel('Name');
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
  const [name, most] = [page.getByLabel('Name'), page.getByLabel('Endpoints, at most')];
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
