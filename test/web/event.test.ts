// One event, in a real browser: to which endpoints it goes, and why not to the others.
import { afterAll, expect } from 'vitest';
import { startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';
import { violations } from './support/axe.ts';
import { shoot } from './support/screenshot.ts';
import { canary } from './support/watch-page.ts';
import { openDashboard, withPage } from './support/with-page.ts';

const receiver = await startReceiver();
afterAll(() => receiver.close());

withPage('shows the fan-out as a table and a graph, the data to the digit, and recalls', async ({ page, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const make = (path: string, more: object) =>
    posthorn.makeEndpoint(tenant, receiver.url + path, { description: canary('description'), ...more });
  receiver.answer('/event-fails', [503]);
  const eventTypes = ['web_event.made'];
  const [good, fails, other, filtered] = await Promise.all([
    make('/event-good', { eventTypes }),
    make('/event-fails', { eventTypes, retry: { schedule: ['1h'] } }),
    make('/event-other', { eventTypes: ['web_event.other'] }),
    make('/event-filtered', { eventTypes, filter: { 'data.total': { $gt: 1000 } } }),
  ]);
  const raw = `{"type":"web_event.made","data":{"total":12.50,"big":12345678901234567890,"text":${JSON.stringify(canary('data'))}}}`;
  const { body } = await posthorn.post(`/v1/tenants/${tenant}/events`, undefined, { raw });
  await until('both attempts', async () => {
    const found = await posthorn.deliveriesOf(tenant, body.id);
    return found.filter(({ status }) => status === 'succeeded' || status === 'retrying').length === 2;
  });
  await openDashboard(page, `/events/${tenant}/${body.id}`);
  await page
    .getByText('Goes to 2 of 4 endpoints: delivered (1), retrying (1). The others: wants other event types (1), filter did not match (1).')
    .waitFor();
  await page.getByRole('img', { name: /^Goes to 2 of 4/ }).waitFor();
  const row = (id: string) => page.locator(`[data-row="${id}"]`);
  await row(good.id)
    .getByText(/^The endpoint accepted the event at attempt 1/)
    .waitFor();
  await row(fails.id)
    .getByText(/^Attempt 1 failed/)
    .waitFor();
  await row(other.id)
    .getByText(/did not subscribe to this event type/)
    .waitFor();
  await row(filtered.id)
    .getByText(/^The filter of the endpoint did not match/)
    .waitFor();
  const data = page.getByRole('region', { name: 'Data of the event' });
  expect(await data.textContent()).toContain('"total": 12.50,\n  "big": 12345678901234567890,');
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'event');
  // only those that do not get it; kept in the address
  await page.getByRole('button', { name: /^It does not go to \(2\)/ }).click();
  await page.waitForURL('**show=not');
  await expect.poll(() => page.getByRole('row').count()).toBe(3);
  await page.reload();
  await row(other.id).waitFor();
  await page.getByRole('button', { name: /^All \(4\)/ }).click();
  // to the delivery and back
  await row(good.id).getByRole('link').click();
  await page.getByRole('heading', { name: /web_event\.made →/ }).waitFor();
  await page.goBack();
  await page.getByRole('button', { name: 'Recall' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('is not sent to 1 endpoint any more').waitFor();
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Recall the event' }).click();
  await page.getByText('Recalled: it is not sent to 1 endpoint any more; 2 endpoints got it before.').waitFor();
  await row(fails.id)
    .getByText(/^The event was recalled at/)
    .waitFor();
  await page.getByRole('button', { name: /^Recall.*it was recalled already/ }).waitFor();
});
