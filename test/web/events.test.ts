// The list of events, in a real browser.
import { expect } from 'vitest';
import { startReceiver } from '../support/receiver.ts';
import { shoot } from './support/screenshot.ts';
import { canary } from './support/watch-page.ts';
import { openDashboard, withPage } from './support/with-page.ts';

withPage('shows what became of each event, live, and keeps filters in the address', async ({ page, posthorn }) => {
  const receiver = await startReceiver();
  receiver.answer('/refuses', (_, response) => void response.writeHead(500).end());
  const tenant = `events-${Date.now()}`;
  await posthorn.post('/v1/tenants', { id: tenant, name: canary('tenant') });
  await posthorn.makeEndpoint(tenant, `${receiver.url}/accepts`);
  await posthorn.makeEndpoint(tenant, `${receiver.url}/refuses`, { eventTypes: ['web_events.refused'] });
  await openDashboard(page, `/events?tenant=${tenant}`);
  await page.getByText('Nothing matches these filters').waitFor();
  const id = await posthorn.postEvent(tenant, { type: 'web_events.made', data: { text: canary('data') } });
  const rows = page.getByRole('row');
  await rows.filter({ hasText: 'web_events.made' }).getByText('1 delivered').waitFor();
  await posthorn.postEvent(tenant, { type: 'web_events.refused', data: {} });
  const refused = rows.filter({ hasText: 'web_events.refused' });
  await refused.getByText('1 dead letter').waitFor();
  await refused.getByText('1 delivered').waitFor();
  await shoot(page, 'events');
  await page.getByLabel('Event type').fill('web_events.made');
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/events?tenant=${tenant}&type=web_events.made`);
  await refused.waitFor({ state: 'detached' });
  await page.reload();
  await rows.filter({ hasText: 'web_events.made' }).waitFor();
  await page.getByRole('combobox', { name: 'Find' }).fill(id);
  await page.getByRole('option').filter({ hasText: 'Open the event' }).click();
  await page.waitForURL(`**/events/${tenant}/${id}`);
  await receiver.close();
});

withPage('counts further down also an event that no endpoint wants', async ({ page, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const events = Array.from({ length: 60 }, (_, n) => ({ type: 'web_events.unwanted', data: { n } }));
  await posthorn.post(`/v1/tenants/${tenant}/events/batch`, { events });
  await page.clock.install();
  await openDashboard(page, `/events?tenant=${tenant}`);
  await page.getByRole('row').filter({ hasText: 'web_events.unwanted' }).nth(20).waitFor();
  await page.keyboard.press('End');
  await expect.poll(() => page.evaluate('scrollY')).toBeGreaterThan(100);
  await posthorn.postEvent(tenant, { type: 'web_events.unwanted', data: {} });
  await page.clock.fastForward(11_000);
  await page.getByRole('button', { name: '1 new' }).waitFor();
});
