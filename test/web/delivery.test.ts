// One delivery, in a real browser: its timeline, its orders, its print, and what others wrote in it.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { afterAll, expect } from 'vitest';
import { startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';
import { violations } from './support/axe.ts';
import { shoot } from './support/screenshot.ts';
import { canary } from './support/watch-page.ts';
import { openDashboard, withPage } from './support/with-page.ts';

const receiver = await startReceiver();
afterAll(() => receiver.close());

const retry = { schedule: ['1h', '2h', '4h'] };

/** What a receiver answers of its own: headers and a body with a script. */
function answerOf(statuses: number[]): Parameters<typeof receiver.answer>[1] {
  let calls = 0;
  return (_request, response) => {
    const status = statuses[Math.min(calls++, statuses.length - 1)] ?? 200;
    response
      .writeHead(status, { 'content-type': 'application/json', 'x-canary': canary('header') })
      .end(JSON.stringify({ said: canary('response') }));
  };
}

const openAttempt = (page: Page) => page.getByRole('button', { name: /^Attempt/, expanded: true });

withPage('shows the timeline, obeys orders and says when, and runs nothing that others wrote', async ({ page, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  receiver.answer('/timeline', answerOf([503, 200, 200]));
  await posthorn.makeEndpoint(tenant, `${receiver.url}/timeline`, {
    ...{ eventTypes: ['web_delivery.made'], retry, headers: { 'x-own': 'a' } },
    description: canary('description'),
  });
  const event = await posthorn.postEvent(tenant, { type: 'web_delivery.made', data: { text: canary('data'), sum: 12.5 } });
  const [delivery] = await until('the first attempt', async () => {
    const found = await posthorn.deliveriesOf(tenant, event);
    return found[0]?.status === 'retrying' ? found : null;
  });
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await openDashboard(page, `/deliveries/${delivery?.id}`);
  await page.getByRole('heading', { name: /web_delivery\.made → 127\.0\.0\.1/ }).waitFor();
  await page.getByText(/^Attempt 1 failed \(HTTP 503/).waitFor();
  expect(await openAttempt(page).textContent()).toMatch(/Attempt 1/);
  await page.getByText('Signature valid').waitFor();
  await page.getByRole('list', { name: 'What happens next' }).getByText('Attempt 2').waitFor();
  // the body is what was sent, and the command repeats it to the byte
  const body = receiver.of(event)[0]?.body.toString() ?? '';
  expect(JSON.parse((await page.getByRole('region', { name: 'Request: Body' }).textContent()) ?? '')).toEqual(JSON.parse(body));
  await page.getByRole('region', { name: 'Response: Body' }).getByText(canary('response').slice(0, 8)).waitFor();
  await page.getByRole('button', { name: 'Copy as curl' }).click();
  await page.getByText('✓ Copied').waitFor();
  await promisify(execFile)('sh', ['-c', await page.evaluate('navigator.clipboard.readText()')]);
  expect(receiver.of(event).map((request) => request.body.toString())).toEqual([body, body]);
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'delivery');
  // a retry, which is told live
  await page.getByRole('button', { name: 'Retry now' }).click();
  await page.getByText(/^Retried: HTTP 200/).waitFor();
  await page.getByText(/^The endpoint accepted the event at attempt 2/).waitFor();
  await openAttempt(page).filter({ hasText: 'Attempt 2' }).waitFor();
  // a replay, after its effect was said
  await page.getByRole('button', { name: 'Replay' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('The endpoint has accepted it already.').waitFor();
  expect(await violations(page)).toEqual([]);
  // the answer to the order may show already what came of it
  await page.route('**/replay', async (route) => {
    await route.fetch();
    const replayed = await until('the attempt', async () => {
      const { body: now } = await posthorn.get(`/v1/deliveries/${delivery?.id}`);
      return now.round === 2 && now.status === 'succeeded' && now;
    });
    await route.fulfill({ json: replayed });
  });
  await dialog.getByRole('button', { name: 'Replay the delivery' }).click();
  await page.getByText(/^Replayed: HTTP 200/).waitFor();
  await page.getByText('Round 2', { exact: true }).waitFor();
  // print: every attempt is read and open, and no button is there
  await page.route('**/attempts?limit=50*', (route) => route.continue({ url: route.request().url().replace('limit=50', 'limit=2') }));
  await page.reload();
  await page.getByRole('button', { name: 'Load earlier attempts' }).waitFor();
  await page.evaluate('window.print = () => document.body.setAttribute("data-printed", "")');
  await page.getByRole('button', { name: 'Print' }).click();
  await page.locator('body[data-printed]').waitFor();
  await page.unroute('**/attempts?limit=50*');
  await page.evaluate('dispatchEvent(new Event("beforeprint"))');
  await page.emulateMedia({ media: 'print' });
  await expect.poll(() => page.getByRole('region', { name: 'Response', exact: true }).count()).toBe(3);
  await shoot(page, 'delivery-print');
  expect(await page.getByRole('navigation', { name: 'Pages' }).isVisible()).toBe(false);
  expect(await page.getByRole('button', { name: 'Replay' }).isVisible()).toBe(false);
  await page.evaluate('dispatchEvent(new Event("afterprint"))');
  await page.emulateMedia({ media: null });
  // the address says which attempt is open
  await page
    .getByRole('button', { name: /^Attempt 1/ })
    .last()
    .click();
  await page.waitForURL('**attempt=att_**');
  await page.reload();
  await openAttempt(page).getByText('503', { exact: true }).waitFor();
});

withPage('cancels with the keyboard alone, and says what cannot be done and why', async ({ page, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const { id: endpoint } = await posthorn.makeEndpoint(tenant, `${receiver.url}/paused`, { eventTypes: ['web_delivery.paused'] });
  await posthorn.post(`/v1/endpoints/${endpoint}/pause`);
  const event = await posthorn.postEvent(tenant, { type: 'web_delivery.paused' });
  const [delivery] = await until('it to be held', async () => {
    const found = await posthorn.deliveriesOf(tenant, event);
    return found[0]?.status === 'held' ? found : null;
  });
  await openDashboard(page, `/deliveries/${delivery?.id}`);
  await page.getByText(/^The endpoint is paused, and the delivery waits for it/).waitFor();
  await page.getByText('No attempt was made yet.').waitFor();
  expect(await page.getByRole('button', { name: /^Retry now/ }).textContent()).toContain('The endpoint is paused. Resume it first.');
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'delivery-held');
  await page.getByRole('button', { name: 'Cancel' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByText('A cancelled delivery cannot be replayed.').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  // the focus comes back a frame later
  await page.locator('button:focus', { hasText: 'Cancel' }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByLabel('Reason').fill('no longer wanted');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByText('Cancelled: no further attempt is made.').waitFor();
  await page.getByText(/cancelled the delivery at/).waitFor();
  const { body } = await posthorn.get(`/v1/audit-log?tenant=${tenant}&action=delivery.cancel`);
  expect(JSON.stringify(body.data)).toContain('no longer wanted');
});

withPage('says that a delivery does not exist', async ({ page }) => {
  await openDashboard(page, `/deliveries/dlv_${'0'.repeat(12)}7${'0'.repeat(3)}8${'0'.repeat(15)}`);
  await page.getByRole('alert').filter({ hasText: 'There is no such delivery' }).waitFor();
  expect(await violations(page)).toEqual([]);
});
