// The overview and the status of the installation, in a real browser.
import { expect } from 'vitest';
import { countBacklogs } from '#db/stats/backlogs';
import { countMinutes, finishMinutes } from '#db/stats/roll-up';
import { startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';
import { violations } from './support/axe.ts';
import { shoot } from './support/screenshot.ts';
import { canary } from './support/watch-page.ts';
import { openDashboard, withPage } from './support/with-page.ts';

withPage('tells how much flows and which endpoint is the worst, of all tenants or of one', async ({ page, posthorn }) => {
  const receiver = await startReceiver();
  const [tenant, other] = [await posthorn.makeTenant(), await posthorn.makeTenant()];
  // as an address is written
  const bad = new URL(`${receiver.url}/bad?${canary('url')}`);
  receiver.answer(bad.pathname + bad.search, [500, 500, 500, 500]);
  await posthorn.makeEndpoint(tenant, bad.href, { retry: { schedule: ['20ms'] }, description: canary('description') });
  await posthorn.makeEndpoint(tenant, `${receiver.url}/good`);
  for (let n = 0; n < 2; n++) await posthorn.postEvent(tenant);
  await until(
    'the dead letters',
    async () => (await posthorn.get(`/v1/deliveries?tenant=${tenant}&status=dead_lettered`)).body.data.length === 2,
  );
  const { db } = posthorn.database;
  await finishMinutes(db, 360);
  await countMinutes(db);
  await countBacklogs(db);

  await openDashboard(page, `/?tenant=${tenant}`);
  const worst = page.getByRole('table', { name: 'Worst endpoints' }).getByRole('row').nth(1);
  await worst.getByText('/bad').waitFor();
  expect(await worst.getByRole('cell').allInnerTexts()).toEqual([
    expect.stringContaining('/bad?'),
    tenant,
    '0%',
    '4',
    expect.stringMatching(/s$/),
    '0',
  ]);
  await page.getByText('of 6 attempts').waitFor();
  await page.getByText('2 dead letters', { exact: true }).waitFor();
  await page.getByRole('img', { name: /2 events accepted, 2 attempts delivered, 4 failed/ }).waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'overview');

  // the window and the tenant are in the address, and survive a reload
  await page.getByLabel('Window').selectOption('24h');
  await page.waitForURL(/window=24h/);
  await page.reload();
  expect(await page.getByLabel('Window').inputValue()).toBe('24h');
  await page.getByText('2 in 24 hours').first().waitFor();
  await page.getByLabel('Tenant').selectOption(other);
  await page.getByText('No attempt has failed, and nothing is held.').waitFor();
  await page.goBack();
  await worst.getByText('/bad').waitFor();
  await receiver.close();
});

withPage('the status names stores, workers and lanes', async ({ page, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const { id } = await posthorn.makeEndpoint(tenant, 'http://127.0.0.1:9/held');
  await posthorn.post(`/v1/endpoints/${id}/pause`);
  await posthorn.postEvent(tenant);
  await until('the held one', async () => (await posthorn.get(`/v1/deliveries?tenant=${tenant}&status=held`)).body.data.length === 1);
  await openDashboard(page, '/status');
  await page.getByRole('table', { name: 'Workers' }).getByText('connected').first().waitFor();
  await page
    .getByText(/answers in/)
    .first()
    .waitFor();
  const lane = page
    .getByRole('table', { name: /held deliveries/ })
    .getByRole('row')
    .filter({ hasText: tenant });
  await lane.getByText('http://127.0.0.1:9/held').waitFor();
  await shoot(page, 'status');
  await page.getByRole('link', { name: 'Overview' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
});
