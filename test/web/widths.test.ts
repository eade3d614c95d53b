// What only a certain width shows: rows that are full, values that stand beside each other, the page that is open.
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { countBacklogs } from '#db/stats/backlogs';
import { until } from '../support/until.ts';
import { openPortal } from './support/open-portal.ts';
import { openDashboard, withPage } from './support/with-page.ts';

const patience = { timeout: 60_000 };
const at = (page: Page, width: number) => page.setViewportSize({ width, height: 800 });

/** How many stand in each row, from the top. Text, since tests have no types of browsers. */
const rowsOf = (page: Page, selector: string) =>
  page.evaluate(`Object.values(Object.groupBy([...document.querySelectorAll(${JSON.stringify(selector)})],
    (one) => Math.round(one.getBoundingClientRect().top))).map((row) => row.length)`) as Promise<number[]>;

withPage('figures fill their rows at every width, and those that lead somewhere stand where others stand', async ({ page, posthorn }) => {
  const tenant = await posthorn.makeTenant(`web-widths-${Date.now()}`);
  const { id } = await posthorn.makeEndpoint(tenant, 'https://widths.example.com', { eventTypes: ['web_widths.*'] });
  await posthorn.post(`/v1/endpoints/${id}/pause`);
  await posthorn.postEvent(tenant, { type: 'web_widths.held', data: {} });
  const isHeld = async () => (await posthorn.get(`/v1/deliveries?tenant=${tenant}&status=held`)).body.data.length === 1;
  await until('the delivery to be held', isHeld);
  await countBacklogs(posthorn.database.db);
  await openDashboard(page, `/?tenant=${tenant}`);
  await page.locator('.figures .figure-link').first().waitFor();
  for (const width of [360, 768, 1024, 1280, 1440, 1920, 2560]) {
    await at(page, width);
    await expect.poll(async () => new Set(await rowsOf(page, '.figures > .figure')).size, { ...patience, message: `${width}` }).toBe(1);
  }
  await at(page, 360);
  await page.goto(`/dashboard/tenants/${tenant}`);
  await page.locator('.facts .figure-link').first().waitFor();
  const heights = `[...document.querySelector('.facts:has(.figure-link)').querySelectorAll('dd')]
    .map((one) => Math.round(one.getBoundingClientRect().height))`;
  await expect.poll(async () => new Set((await page.evaluate(heights)) as number[]).size, patience).toBe(1);
});

withPage('on a phone, the filters of a head stand in two columns, and More is marked', async ({ openPage }) => {
  const { page } = await openPage({ width: 360, height: 740 });
  await openDashboard(page, '/alerts');
  await page.getByLabel('Severity').waitFor();
  await expect.poll(() => rowsOf(page, '.page-actions > *'), patience).toEqual([2, 2]);
  await page.goto('/dashboard/audit');
  await page.getByLabel('Action').waitFor();
  await expect.poll(() => rowsOf(page, '.page-actions > *'), patience).toEqual([1, 2]);
  const look = (selector: string) => page.evaluate(`getComputedStyle(document.querySelector('${selector}')).backgroundColor`);
  const more = await look('.rail-more');
  await page.goto('/dashboard/deliveries');
  await page.getByRole('heading', { name: 'Deliveries' }).waitFor();
  expect(more).toBe(await look('.rail-first.rail-here'));
});

withPage('a long address and many event types leave a phone its width', async ({ openPage, posthorn }) => {
  const tenant = await posthorn.makeTenant(`web-widths-long-${Date.now()}`);
  const url = `https://widths.example.com/${'x'.repeat(200)}`;
  const eventTypes = Array.from({ length: 30 }, (_, n) => `web_widths.replenishment_order_confirmation_${n}`);
  const { id } = await posthorn.makeEndpoint(tenant, url, { eventTypes });
  await posthorn.post(`/v1/endpoints/${id}/pause`);
  await posthorn.postEvent(tenant, { type: eventTypes[0], data: {} });
  const { page } = await openPage({ width: 360, height: 740 });
  await openPortal(posthorn, page, tenant, `/missed?endpoint=${id}`);
  await page.getByRole('heading', { name: /^Missed by/ }).waitFor();
  await expect.poll(() => page.evaluate('document.documentElement.scrollWidth'), patience).toBe(360);
  await page.goto(`/portal/endpoints/${id}`);
  // of the types; the heading has one, too
  const more = page.locator('.facts').getByRole('button', { name: 'Show all' });
  await more.click();
  await page.locator('.facts').getByRole('button', { name: 'Show less' }).waitFor();
});
