// The pages of the portal about deliveries: list, one delivery with a replay, missed events, health.
import { expect } from 'vitest';
import { countMinutes, finishMinutes } from '#db/stats/roll-up';
import { inTens } from '../support/in-tens.ts';
import { startReceiver } from '../support/receiver.ts';
import { violations } from './support/axe.ts';
import { openPortal } from './support/open-portal.ts';
import { openedStream } from './support/opened-stream.ts';
import { shoot } from './support/screenshot.ts';
import { tabTo } from './support/tab-to.ts';
import { canary } from './support/watch-page.ts';
import { withPage } from './support/with-page.ts';

withPage('a consumer finds a failed delivery, reads why it failed, and replays it by keyboard', async ({ page, posthorn }) => {
  const receiver = await startReceiver();
  receiver.answer('/hooks', (_request, response) => void response.writeHead(400, { 'x-why': canary('header') }).end(canary('body')));
  const tenant = await posthorn.makeTenant();
  const endpoint = await posthorn.makeEndpoint(tenant, `${receiver.url}/hooks`, {
    description: canary('description'),
    retry: { initial: '1s', factor: 1, max: '1s', attempts: 1 },
  });
  await posthorn.postEvent(tenant, { type: 'order.created', data: { text: canary('data') } });
  const { url } = (await posthorn.post('/v1/portal-links', { tenant, language: 'en' })).body;
  await page.goto(url);
  await page.getByRole('row').filter({ hasText: 'order.created' }).getByText('Dead letter').waitFor();
  await page.getByLabel('Status').selectOption('Delivered');
  await page.getByRole('heading', { name: 'No delivery matches' }).waitFor();
  await page.reload();
  await page.getByRole('button', { name: 'Remove Delivered' }).click();
  const filter = page.getByLabel('Event id or delivery id');
  await filter.fill('evt_unknown');
  await page.keyboard.press('Enter');
  await page.waitForURL('**event=evt_unknown');
  await page.getByRole('button', { name: 'Remove evt_unknown' }).waitFor();
  await expect.poll(() => filter.evaluate((one: { matches(selector: string): boolean }) => one.matches(':focus'))).toBe(true);
  await page.getByLabel('Accepted').selectOption('last hour');
  await page.getByRole('button', { name: 'Remove evt_unknown' }).click();
  await page.waitForURL('**/portal/deliveries?within=1h');
  await tabTo(page, page.getByRole('link', { name: 'order.created' }));
  await page.keyboard.press('Enter');
  await page.getByText('The attempt failed, and no other follows').waitFor();
  await page.getByText(canary('body')).first().waitFor();
  await page.getByText('Signature valid').waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'portal-delivery');
  receiver.answer('/hooks', [204]);
  await tabTo(page, page.getByRole('button', { name: 'Replay' }));
  await page.keyboard.press('Enter');
  await page.getByText(/^Replayed: HTTP 204/).waitFor();
  await page.getByText('Round 2', { exact: true }).waitFor();
  const stream = openedStream(page);
  await page.goto(`/portal/missed?endpoint=${endpoint.id}`);
  await page.getByText('Nothing is missed').waitFor();
  await stream;
  receiver.answer('/hooks', [400]);
  await posthorn.postEvent(tenant, { type: 'order.paid' });
  await page.getByRole('button', { name: 'Send again …' }).click();
  const replay = page.getByRole('dialog', { name: 'Send again what was given up?' });
  await replay.getByText('Sends 1 event to').waitFor();
  receiver.answer('/hooks', [204]);
  await replay.getByRole('button', { name: 'Send again' }).click();
  await page.getByText('Sending has begun.').waitFor();
  await page.getByRole('button', { name: 'Send again …' }).waitFor({ state: 'hidden' });
  // it is counted, and the page reads its figures, only from time to time
  await finishMinutes(posthorn.database.db, 360);
  await countMinutes(posthorn.database.db);
  await page.goto('/portal/health?window=1h');
  await page.getByRole('heading', { name: 'What your endpoint answered' }).waitFor();
  await page.getByRole('row').filter({ hasText: 'Refused with a status' }).waitFor();
  await shoot(page, 'portal-health');
  await receiver.close();
});

withPage('missed events are listed and acknowledged, if the link may', async ({ openPage, posthorn }) => {
  const receiver = await startReceiver();
  receiver.answer('/hooks', [503]);
  const tenant = await posthorn.makeTenant();
  await posthorn.makeEndpoint(tenant, `${receiver.url}/hooks`, { retry: { schedule: ['10m'] } });
  const event = await posthorn.postEvent(tenant, { type: 'order.paid' });
  const linkWith = async (scopes: string[]) => (await posthorn.post('/v1/portal-links', { tenant, language: 'de', scopes })).body.url;
  const [{ page }, { page: reader }] = [await openPage(), await openPage()];
  await page.goto(await linkWith(['endpoints:read', 'deliveries:read', 'deliveries:act']));
  const row = page.getByRole('row').filter({ hasText: 'order.paid' });
  await row.getByText('Wird wiederholt').waitFor();
  await shoot(page, 'portal-deliveries-de');
  await row.getByRole('link').click();
  await page.locator('[lang="de"]').getByText('Versuch 1 ist fehlgeschlagen (HTTP 503); der nächste folgt am').waitFor();
  await page.getByText('Suchen Sie im Protokoll Ihres Servers').waitFor();
  await page.getByText('Signatur gültig').waitFor();
  expect(await page.locator('main [lang="en"]').allTextContents()).toEqual([]);
  await shoot(page, 'portal-delivery-de');
  await page.getByRole('link', { name: 'Verpasste Ereignisse' }).click();
  await page.getByRole('row').filter({ hasText: event }).waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'portal-missed');
  await reader.goto(await linkWith(['endpoints:read', 'deliveries:read']));
  await reader.getByRole('link', { name: 'Verpasste Ereignisse' }).click();
  await reader.getByRole('button', { name: 'dieser Link hat das Recht deliveries:act nicht' }).waitFor();
  await page.getByRole('button', { name: '1 Ereignis bestätigen' }).click();
  await page.getByRole('dialog').getByRole('button', { name: '1 Ereignis bestätigen' }).click();
  await page.getByText('1 Ereignis bestätigt.').waitFor();
  await page.getByRole('heading', { name: 'Nichts ist verpasst' }).waitFor();
  await receiver.close();
});

withPage('a list of two pages stays current at its top, and does not move further down', async ({ openPage, posthorn }) => {
  const { page } = await openPage({ height: 2_200 });
  const tenant = await posthorn.makeTenant();
  const { id } = await posthorn.makeEndpoint(tenant, 'http://127.0.0.1:9/tall');
  await posthorn.post(`/v1/endpoints/${id}/pause`);
  const post = (type: string) => posthorn.postEvent(tenant, { type });
  await inTens(120, () => post('order.made'));
  const stream = openedStream(page);
  await openPortal(posthorn, page, tenant);
  const rows = page.getByRole('row');
  const listed = () => page.getByRole('table').getAttribute('aria-rowcount');
  await expect.poll(() => rows.count()).toBeGreaterThan(55);
  await stream;
  await post('order.newest');
  await rows.filter({ hasText: 'order.newest' }).waitFor();
  await page.mouse.move(600, 600);
  await page.mouse.wheel(0, 1_500);
  await expect.poll(listed).toBe('122');
  await post('order.last');
  const { data } = (await posthorn.get(`/v1/deliveries?tenant=${tenant}&limit=100`)).body;
  await posthorn.post(`/v1/deliveries/${data[70].id}/cancel`);
  await rows.getByText('Cancelled').waitFor();
  expect(await listed()).toBe('122');
  await page.mouse.wheel(0, -5_000);
  await rows.filter({ hasText: 'order.last' }).waitFor();
});

withPage('what comes while a list is read again is not lost, also when somebody scrolls meanwhile', async ({ openPage, posthorn }) => {
  const { page } = await openPage({ height: 500 });
  const tenant = await posthorn.makeTenant();
  const { id } = await posthorn.makeEndpoint(tenant, 'http://127.0.0.1:9/meanwhile');
  await posthorn.post(`/v1/endpoints/${id}/pause`);
  await inTens(60, () => posthorn.postEvent(tenant, { type: 'order.made' }));
  const stream = openedStream(page);
  await openPortal(posthorn, page, tenant);
  const rows = page.getByRole('row');
  await rows.nth(15).waitFor();
  await stream;
  const [read, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await page.route('**/v1/deliveries?*', async (route) => {
    const response = await route.fetch();
    if (!route.request().url().includes('cursor=')) {
      read.resolve();
      await released.promise;
    }
    await route.fulfill({ response });
  });
  await posthorn.postEvent(tenant, { type: 'order.newest' });
  await read.promise;
  await page.mouse.move(600, 300);
  await page.mouse.wheel(0, 900);
  await expect.poll(() => page.evaluate('scrollY')).toBeGreaterThan(500);
  const { data } = (await posthorn.get(`/v1/deliveries?tenant=${tenant}&limit=30`)).body;
  await posthorn.post(`/v1/deliveries/${data[22].id}/cancel`);
  await rows.getByText('Cancelled').waitFor();
  released.resolve();
  await expect.poll(() => page.getByRole('table').getAttribute('aria-rowcount')).toBe('62');
  expect(await rows.getByText('Cancelled').count()).toBe(1);
});
