// The first page of the portal, and answers that come when somebody has gone elsewhere.
import type { Page, Route } from 'playwright-core';
import { expect } from 'vitest';
import { openPortal } from './support/open-portal.ts';
import { withPage } from './support/with-page.ts';

/** Requests that fit are answered when `release` is called. */
async function hold(page: Page, fits: (route: Route) => boolean): Promise<{ waits: () => Promise<void>; release: () => Promise<void> }> {
  const waiting: Route[] = [];
  let isHeld = true;
  await page.route('**', async (route) => {
    if (isHeld && fits(route)) waiting.push(route);
    else await route.continue();
  });
  return {
    waits: () => expect.poll(() => waiting.length, { timeout: 60_000 }).toBeGreaterThan(0),
    async release() {
      isHeld = false;
      await Promise.all(waiting.map((route) => route.continue()));
    },
  };
}

const home = '__TSR_ROUTER__.navigate({ to: "/" }).then(() => undefined)';

withPage('leads on each time somebody comes to it, also while the next page is still read', async ({ page, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  await posthorn.makeEndpoint(tenant, 'http://127.0.0.1:9/home');
  const chunk = await hold(page, (route) => /\/Deliveries-[^/]*\.js$/.test(route.request().url()));
  await openPortal(posthorn, page, tenant);
  await chunk.waits();
  // a heading in the meantime
  await page.getByRole('heading', { name: 'Opening the portal' }).waitFor();
  // resolves when it has begun
  await page.evaluate(`void ${home}`);
  await page.getByRole('heading', { name: 'Opening the portal' }).waitFor();
  await chunk.release();
  await page.getByRole('heading', { name: 'Deliveries', exact: true }).waitFor();
  await page.evaluate(home);
  await page.getByRole('heading', { name: 'Deliveries', exact: true }).waitFor();
});

withPage('leads on when the endpoints cannot be read, to a page that says so and recovers', async ({ openPage, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const { page, watched } = await openPage();
  watched.allow(/Failed to load resource/);
  let fails = true;
  await page.route('**/v1/{tenants,deliveries}*{,/**}', (route) => (fails ? route.fulfill({ status: 500 }) : route.continue()));
  await openPortal(posthorn, page, tenant);
  await page.getByRole('heading', { name: 'Deliveries', exact: true }).waitFor();
  const retry = page.getByRole('alert').getByRole('button', { name: 'Try again' });
  await retry.waitFor();
  fails = false;
  await retry.click();
  await page.getByText('No deliveries yet').waitFor();
});

withPage('the answer to an order does not lead away somebody who has gone elsewhere', async ({ page, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const { id } = await posthorn.makeEndpoint(tenant, 'http://127.0.0.1:9/late');
  await openPortal(posthorn, page, tenant, `/endpoints/${id}`);
  const answer = await hold(page, (route) => route.request().method() === 'DELETE');
  await page.getByRole('button', { name: 'Delete' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete this endpoint?' });
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await answer.waits();
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await page.getByRole('link', { name: 'Health' }).click();
  await page.getByRole('heading', { name: 'Health', exact: true }).waitFor();
  await answer.release();
  await page.getByText('The endpoint is deleted.').waitFor();
  expect(await page.evaluate('location.pathname')).toBe('/portal/health');
});
