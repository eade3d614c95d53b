// Alerts in a real browser.
import { expect } from 'vitest';
import { createQuickChecks } from '#alerts/checks';
import { reconcile } from '#db/alerts/reconcile';
import { usualTimings } from '#domain/timings';
import { startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';
import { violations } from './support/axe.ts';
import { shoot } from './support/screenshot.ts';
import { openDashboard, withPage } from './support/with-page.ts';

withPage('shows what is wrong, lets somebody take it on, and keeps filters in the address', async ({ page, openPage, posthorn }) => {
  const receiver = await startReceiver();
  const tenant = await posthorn.makeTenant();
  receiver.answer('/dead', [500, 500]);
  const { id } = await posthorn.makeEndpoint(tenant, `${receiver.url}/dead`, { retry: { schedule: ['20ms'] } });
  await posthorn.postEvent(tenant);
  await until(
    'the dead letter',
    async () => (await posthorn.get(`/v1/deliveries?endpoint=${id}&status=dead_lettered`)).body.data.length === 1,
  );
  // what the chore does every 10 seconds
  const times = { ...usualTimings.alerts, disableAfterMs: 86_400_000 };
  const { conditions, checked } = await createQuickChecks({ db: posthorn.database.db, times, temporalTrouble: async () => null })();
  await reconcile(posthorn.database.db, conditions, checked);

  await openDashboard(page, `/?tenant=${tenant}`);
  await page
    .getByRole('status')
    .getByText(/^1 dead letter for 127\.0\.0\.1/)
    .waitFor();
  await page.getByRole('link', { name: /1 dead letter for/ }).click();
  const sheet = page.getByRole('dialog');
  await sheet.getByText(/Repair the receiver, then replay/).waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'alert');
  await sheet.getByRole('button', { name: 'Acknowledge' }).click();
  await sheet.getByText('Warning, acknowledged').waitFor();
  await page.keyboard.press('Escape');

  await page.goto(`/dashboard/alerts?tenant=${tenant}`);
  const row = page.getByRole('table', { name: 'Alerts' }).getByRole('row').filter({ hasText: '1 dead letter' });
  await row.getByText('acknowledged').waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'alerts');
  await page.getByLabel('Severity').selectOption('critical');
  await page.getByText('No alert matches').waitFor();
  await page.reload();
  expect(await page.getByLabel('Severity').inputValue()).toBe('critical');
  await page.goBack();
  await row.waitFor();

  // a key that may only read sees it, and not the order
  const reader = (await posthorn.post('/v1/api-keys', { name: 'reader', scopes: ['endpoints:read', 'deliveries:read'] })).body.key;
  const other = await openPage();
  await openDashboard(other.page, `/alerts?tenant=${tenant}&show=all`, reader);
  await other.page.getByText(/1 dead letter for/).waitFor();
  await receiver.close();
});
