// The command palette and the keys that every page understands.
import { afterAll, expect } from 'vitest';
import { startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';
import { violations } from './support/axe.ts';
import { shoot } from './support/screenshot.ts';
import { tabTo } from './support/tab-to.ts';
import { canary } from './support/watch-page.ts';
import { openDashboard, withPage } from './support/with-page.ts';

const receiver = await startReceiver();
afterAll(() => receiver.close());

withPage('finds by id and name, goes to pages, and does what the page can do', async ({ page, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  await posthorn.call('PATCH', `/v1/tenants/${tenant}`, { name: canary('tenant') });
  const description = `${canary('endpoint')} palette-${tenant}`;
  await posthorn.makeEndpoint(tenant, `${receiver.url}/palette`, { eventTypes: ['web_keys.found'], description });
  const event = await posthorn.postEvent(tenant, { type: 'web_keys.found' });
  const [delivery] = await until('the delivery', async () => {
    const found = await posthorn.deliveriesOf(tenant, event);
    return found[0]?.status === 'succeeded' ? found : null;
  });
  await openDashboard(page, '/status');
  const field = page.getByRole('combobox', { name: 'Id, name, page or command' });
  await page.keyboard.press('Control+k');
  // the first dialog of this tab: its styles come with it
  await expect.poll(() => page.evaluate("getComputedStyle(document.querySelector('.veil')).position")).toBe('fixed');
  await field.fill(`palette-${tenant}`);
  await page.getByRole('option', { name: /endpoint of/ }).waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'palette');
  // another text at once: what the first has found is no answer to it
  await field.fill(`palette-${tenant}-of-another`);
  expect(await page.getByRole('option', { name: /endpoint of/ }).count()).toBe(0);
  await page.keyboard.press('Enter');
  await page.getByText('Nothing was found.').waitFor();
  expect(await field.isVisible()).toBe(true);
  await field.fill(`${receiver.url}/palette`);
  await page
    .getByRole('option', { name: /endpoint of/ })
    .first()
    .waitFor();
  await field.fill('nothing has such a name');
  await page.getByText('Nothing was found.').waitFor();
  await field.fill(event);
  await page.getByRole('option', { name: /^web_keys\.found event of/ }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'web_keys.found' }).waitFor();
  // the name of a workflow, as it is copied from Temporal
  await page.keyboard.press('/');
  await field.fill(`delivery/${delivery?.id}`);
  await page.getByRole('option', { name: /delivery of/ }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: /web_keys\.found → / }).waitFor();
  // Escape closes the palette, and then goes back
  await page.getByRole('button', { name: 'Search' }).click();
  await field.waitFor();
  await page.keyboard.press('Escape');
  await field.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: /^Signed in as/ }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Sign out' }).waitFor({ state: 'hidden' });
  // r is what the page calls Replay
  await page.getByText(/^The endpoint accepted the event/).waitFor();
  await page.keyboard.press('r');
  await page.getByRole('dialog', { name: 'Replay the delivery?' }).waitFor();
  // keys belong to the dialog while it is there
  await page.keyboard.press('?');
  expect(await page.getByRole('dialog').count()).toBe(1);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).getByText('Next row').waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'keys');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  // what cannot be done now is there, says why, and does nothing
  await page.keyboard.press('Control+k');
  await field.fill('retry');
  await page.getByRole('option', { name: /^Retry now Only a delivery that still waits/ }).waitFor();
  await page.keyboard.press('Enter');
  expect(await field.isVisible()).toBe(true);
  await field.fill('status page');
  await page.getByRole('option', { name: /^Status/ }).waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL('**/dashboard/status');
  // signing out ends the session, here too
  const { token } = JSON.parse(await page.evaluate(() => sessionStorage.getItem('posthorn.dashboard.credential') ?? '{}'));
  await page.keyboard.press('Control+k');
  await field.fill('sign out');
  await page.getByRole('option', { name: /^Sign out/ }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByLabel('API key').waitFor();
  await expect.poll(async () => (await posthorn.call('GET', '/v1/sessions/current', undefined, { key: token })).status).toBe(401);
});

withPage('goes through rows, opens and selects them, without the mouse', async ({ page, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  receiver.answer('/rows', [410]);
  await posthorn.makeEndpoint(tenant, `${receiver.url}/rows`, { eventTypes: ['web_keys.rows'] });
  const [first] = [await posthorn.postEvent(tenant, { type: 'web_keys.rows' })];
  await until('the dead letter', async () => (await posthorn.deliveriesOf(tenant, first))[0]?.status === 'dead_lettered');
  await openDashboard(page, `/dead-letters?tenant=${tenant}`);
  const row = page.getByRole('row').filter({ hasText: 'web_keys.rows' });
  await row.waitFor();
  await page.keyboard.press('j');
  await row.locator('a:focus').waitFor();
  await page.keyboard.press('x');
  await expect.poll(() => row.getByRole('checkbox').isChecked()).toBe(true);
  await page.keyboard.press('r');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await row.getByRole('link').focus();
  await page.keyboard.press('k');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: /web_keys\.rows → / }).waitFor();
  // attempts are rows, too
  await page.getByRole('button', { name: /^Attempt 1/, expanded: true }).waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: /^Attempt 1/, expanded: false }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await page.waitForURL('**/dashboard/dead-letters**');
  // back at the row that was left, which is still selected
  await row.locator('a:focus').waitFor();
  await expect.poll(() => row.getByRole('checkbox').isChecked()).toBe(true);
});

withPage('on a phone, all pages are reached from More', async ({ openPage }) => {
  const { page } = await openPage({ width: 360 });
  await openDashboard(page, '/deliveries');
  const [more, last] = [page.getByRole('button', { name: /^More/ }), page.getByRole('link', { name: 'First steps' })];
  await more.press('Enter');
  await page.locator('a:focus', { hasText: 'Deliveries' }).waitFor();
  await page.keyboard.press('Escape');
  await last.waitFor({ state: 'hidden' });
  await page.locator('button:focus', { hasText: 'More' }).waitFor();
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByRole('link', { name: 'Status' }));
  await page.keyboard.press('Enter');
  await page.locator('h1:focus', { hasText: 'Status' }).waitFor();
  await last.waitFor({ state: 'hidden' });
  // the page that is shown already
  await more.click();
  await page.getByRole('link', { name: 'Status' }).click();
  await last.waitFor({ state: 'hidden' });
});
