// Addresses that people have cut, typed over, or got from a mail: pages leave out what makes no sense to them.
import { startReceiver } from '../support/receiver.ts';
import { openPortal } from './support/open-portal.ts';
import { openDashboard, withPage } from './support/with-page.ts';

const nonsense = 'since=yesterday&until=%00&status=lost&within=always&utm_source=mail';

withPage('an address with nonsense shows what it shows without it', async ({ page, openPage, posthorn }) => {
  const receiver = await startReceiver();
  const tenant = await posthorn.makeTenant(`web-address-${Date.now()}`);
  await posthorn.makeEndpoint(tenant, receiver.url, { eventTypes: ['web_address.*'] });
  await posthorn.postEvent(tenant, { type: 'web_address.made', data: {} });
  const { page: portal } = await openPage();
  await Promise.all([
    openDashboard(page, `/deliveries?tenant=${tenant}&${nonsense}`),
    openPortal(posthorn, portal, tenant, `/deliveries?${nonsense}`),
  ]);
  await page.getByRole('row').filter({ hasText: 'web_address.made' }).waitFor();
  await portal.getByRole('row').filter({ hasText: 'web_address.made' }).waitFor();
  await page.goto(`/dashboard/events?tenant=${tenant}&${nonsense}`);
  await page.getByRole('row').filter({ hasText: 'web_address.made' }).waitFor();
  await receiver.close();
});

withPage('what no page reads is no filter', async ({ page, posthorn }) => {
  const tenant = await posthorn.makeTenant(`web-address-none-${Date.now()}`);
  await openPortal(posthorn, page, tenant, '/deliveries?utm_source=mail');
  // not "nothing matches", with filters to be cleared
  await page.getByRole('heading', { name: 'No deliveries yet' }).waitFor();
});
