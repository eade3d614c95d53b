// The list of deliveries, in a real browser.
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { violations } from './support/axe.ts';
import { shoot } from './support/screenshot.ts';
import { tabTo } from './support/tab-to.ts';
import { canary } from './support/watch-page.ts';
import { openDashboard, withPage } from './support/with-page.ts';

/** The address names these filters, in any order, and no others. */
const filtersOf = (page: Page, filters: Record<string, string>) =>
  page.waitForURL(({ pathname, searchParams }) => pathname === '/dashboard/deliveries' && same(Object.fromEntries(searchParams), filters));
const same = (one: Record<string, string>, other: Record<string, string>) =>
  JSON.stringify(Object.entries(one).toSorted()) === JSON.stringify(Object.entries(other).toSorted());

const rowWith = (page: Page, text: string) => page.getByRole('row').filter({ hasText: text });

async function refuse(receiver: Receiver, path: string): Promise<void> {
  receiver.answer(path, (_, response) => void response.writeHead(503, { 'x-why': canary('header') }).end(canary('body')));
}

withPage('keeps filters in the address, through reload and back, and runs nothing that others wrote', async ({ page, posthorn }) => {
  const receiver = await startReceiver();
  await refuse(receiver, '/refuses');
  const tenant = `list-${Date.now()}`;
  await posthorn.post('/v1/tenants', { id: tenant, name: canary('tenant') });
  await posthorn.makeEndpoint(tenant, `${receiver.url}/accepts`, { eventTypes: ['web_list.*'], description: canary('description') });
  await posthorn.makeEndpoint(tenant, `${receiver.url}/refuses`, { eventTypes: ['web_list.refused'] });
  await posthorn.postEvent(tenant, { type: 'web_list.made', data: { text: canary('data') } });
  await posthorn.postEvent(tenant, { type: 'web_list.refused', data: {} });
  await openDashboard(page, `/deliveries?tenant=${tenant}`);
  await rowWith(page, 'web_list.made').getByText('Delivered').waitFor();
  await rowWith(page, 'web_list.refused').getByText('Dead letter').waitFor();
  await rowWith(page, 'HTTP 503').waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'deliveries');

  await page.getByRole('button', { name: 'Status: any' }).click();
  expect(await violations(page)).toEqual([]);
  await page.getByRole('checkbox', { name: 'Dead letter' }).check();
  await page.keyboard.press('Escape');
  await rowWith(page, 'web_list.made').waitFor({ state: 'detached' });
  await page.waitForURL((url) => url.search === `?tenant=${tenant}&status=dead_lettered`);
  await page.getByLabel('Event type').fill('web_list.refused');
  await page.keyboard.press('Enter');
  await page.getByLabel('Accepted').selectOption('last hour');
  await filtersOf(page, { tenant, status: 'dead_lettered', type: 'web_list.refused', within: '1h' });
  await page.reload();
  await rowWith(page, 'web_list.refused').getByText('Dead letter').waitFor();
  expect(await page.getByLabel('Event type').inputValue()).toBe('web_list.refused');
  await page.goBack();
  await page.goBack();
  await page.goBack();
  await rowWith(page, 'web_list.made').waitFor();

  await page.getByLabel('Event type').fill('web_list.never');
  await page.keyboard.press('Enter');
  await page.getByText('Nothing matches these filters').waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'deliveries-nothing');
  await receiver.close();
});

withPage('finds by id, narrows to an endpoint and an event, and saves a view', async ({ page, posthorn }) => {
  const receiver = await startReceiver();
  const tenant = `found-${Date.now()}`;
  await posthorn.post('/v1/tenants', { id: tenant, name: canary('tenant') });
  const { id: endpoint } = await posthorn.makeEndpoint(tenant, `${receiver.url}/one`, {
    description: `${canary('description')} of ${tenant}`,
  });
  await posthorn.makeEndpoint(tenant, `${receiver.url}/two`);
  const event = await posthorn.postEvent(tenant, { id: `searched-${tenant}`, type: 'web_find.made', data: {} });
  await posthorn.postEvent(tenant, { type: 'web_find.other', data: {} });
  await openDashboard(page, '/deliveries');
  await page.getByRole('combobox', { name: 'Find' }).fill(`of ${tenant}`);
  await page.getByRole('option').filter({ hasText: 'Deliveries to the endpoint' }).waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'deliveries-find');
  await page.keyboard.press('Enter');
  await filtersOf(page, { endpoint });
  await rowWith(page, 'web_find.made').waitFor();
  await expect.poll(() => page.getByRole('row').count()).toBe(3);
  await page.getByRole('combobox', { name: 'Find' }).fill(event);
  await page.getByRole('option').filter({ hasText: 'Deliveries of the event' }).click();
  await page.getByRole('button', { name: `Remove the filter Event ${event}` }).waitFor();
  await expect.poll(() => page.getByRole('row').count()).toBe(2);
  await page.getByRole('button', { name: `Remove the filter Endpoint ${endpoint}` }).click();
  await filtersOf(page, { event, tenant });

  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByLabel('Save these filters as').fill(canary('view'));
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'deliveries-views');
  await page.getByRole('button', { name: 'Save the view' }).click();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await page.waitForURL('**/deliveries');
  await page.reload();
  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByRole('button', { name: canary('view'), exact: true }).click();
  await filtersOf(page, { event, tenant });

  const { body } = await posthorn.get(`/v1/deliveries?tenant=${tenant}&limit=1`);
  await page.getByRole('combobox', { name: 'Find' }).fill(`delivery/${body.data[0].id}`);
  await page.getByRole('option').filter({ hasText: 'Open the delivery' }).click();
  await page.waitForURL(`**/deliveries/${body.data[0].id}`);
  await receiver.close();
});

withPage(
  'shows new deliveries and changes without a reload, and counts them while somebody reads further down',
  async ({ page, posthorn }) => {
    const receiver = await startReceiver();
    await refuse(receiver, '/refuses');
    const tenant = await posthorn.makeTenant();
    await posthorn.makeEndpoint(tenant, `${receiver.url}/refuses`);
    await openDashboard(page, `/deliveries?tenant=${tenant}`);
    await page.getByText('Nothing matches these filters').waitFor();
    await posthorn.postEvent(tenant, { type: 'web_live.first', data: {} });
    await rowWith(page, 'web_live.first')
      .getByText(/Retrying|Dead letter/)
      .waitFor();
    const { body } = await posthorn.get(`/v1/deliveries?tenant=${tenant}`);
    await posthorn.post(`/v1/deliveries/${body.data[0].id}/cancel`, {});
    await rowWith(page, 'web_live.first').getByText('Cancelled').waitFor();

    const events = Array.from({ length: 60 }, (_, n) => ({ type: 'web_live.many', data: { n } }));
    await posthorn.post(`/v1/tenants/${tenant}/events/batch`, { events });
    await expect
      .poll(async () => (await posthorn.get(`/v1/deliveries?tenant=${tenant}&type=web_live.many&limit=250`)).body.data.length)
      .toBe(60);
    // all of them, and the head: later ones would be counted as new, too
    await expect.poll(() => page.getByRole('table', { name: 'Deliveries' }).getAttribute('aria-rowcount')).toBe('62');
    await page.mouse.wheel(0, 900);
    await expect.poll(() => page.evaluate('scrollY')).toBeGreaterThan(500);
    await posthorn.postEvent(tenant, { type: 'web_live.last', data: {} });
    await page.getByRole('button', { name: '1 new' }).waitFor();
    await shoot(page, 'deliveries-new');
    expect(await rowWith(page, 'web_live.last').count()).toBe(0);
    await page.getByRole('button', { name: '1 new' }).click();
    await rowWith(page, 'web_live.last').waitFor();

    await page.getByRole('button', { name: 'Live', exact: true }).click();
    await posthorn.postEvent(tenant, { type: 'web_live.unseen', data: {} });
    await expect.poll(async () => (await posthorn.get(`/v1/deliveries?tenant=${tenant}&type=web_live.unseen`)).body.data.length).toBe(1);
    expect(await rowWith(page, 'web_live.unseen').count()).toBe(0);
    await receiver.close();
  },
);

withPage('can be used with the keyboard alone, and replays what is selected', async ({ page, posthorn }) => {
  const receiver = await startReceiver();
  const tenant = await posthorn.makeTenant();
  await posthorn.makeEndpoint(tenant, `${receiver.url}/accepts`);
  await posthorn.postEvent(tenant, { type: 'web_keys.made', data: {} });
  await openDashboard(page, `/deliveries?tenant=${tenant}`);
  await rowWith(page, 'web_keys.made').getByText('Delivered').waitFor();
  await tabTo(page, page.getByRole('combobox', { name: 'Find' }));
  await tabTo(page, page.getByRole('button', { name: 'Status: any' }));
  await tabTo(page, page.getByRole('link', { name: 'web_keys.made' }));
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Space');
  await tabTo(page, page.getByRole('button', { name: 'Replay…' }));
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'deliveries-selected');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByRole('button', { name: 'Replay 1' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await receiver.close();
});
