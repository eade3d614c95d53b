// The list of deliveries, in a real browser.
import { expect } from 'vitest';
import { startReceiver } from '../support/receiver.ts';
import { violations } from './support/axe.ts';
import { shoot } from './support/screenshot.ts';
import { canary } from './support/watch-page.ts';
import { openDashboard, withPage } from './support/with-page.ts';

withPage('lists deliveries, keeps filters in the address, and runs nothing that a producer wrote', async ({ page, posthorn }) => {
  const receiver = await startReceiver();
  const tenant = await posthorn.makeTenant();
  await posthorn.makeEndpoint(tenant, `${receiver.url}/hooks`, { eventTypes: ['web_list.*'], description: canary('description') });
  await posthorn.postEvent(tenant, { type: 'web_list.made', data: { text: canary('data') } });
  await openDashboard(page, '/deliveries?type=web_list.made');
  const row = page.getByRole('row').filter({ hasText: 'web_list.made' });
  await row.getByText('Delivered').waitFor();
  expect(await row.count()).toBe(1);
  await page.reload();
  await row.getByText('Delivered').waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'deliveries');
  await page.goto('/dashboard/deliveries?type=web_list.never');
  await page.getByText('No deliveries yet').waitFor();
  await page.goBack();
  await row.getByText('Delivered').waitFor();
  await receiver.close();
});
