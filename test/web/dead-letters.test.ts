// Dead letters in a real browser: an endpoint fails, its dead letters are replayed together as a job, and are delivered.
import { expect } from 'vitest';
import type { TestPosthorn } from '../support/posthorn.ts';
import { startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';
import { violations } from './support/axe.ts';
import { shoot } from './support/screenshot.ts';
import { tabTo } from './support/tab-to.ts';
import { canary } from './support/watch-page.ts';
import { openDashboard, withPage } from './support/with-page.ts';

const once = { retry: { initial: '1s', factor: 1, max: '1s', attempts: 1 } };

/** Dead letters of an endpoint that refuses with something that wants to run. From then on it accepts. */
async function deadLetters(posthorn: TestPosthorn, count: number) {
  const receiver = await startReceiver();
  const url = new URL(`/hooks?${canary('url')}`, receiver.url);
  const path = url.pathname + url.search;
  receiver.answer(path, (_request, response) => void response.writeHead(500, { 'x-said': 'a<b>' }).end(canary('response')));
  const tenant = await posthorn.makeTenant();
  await posthorn.makeEndpoint(tenant, url.href, { ...once, description: canary('description') });
  for (let n = 0; n < count; n++) await posthorn.postEvent(tenant, { type: 'web_dead.made', data: { text: canary('data') } });
  await until(
    'the dead letters',
    async () => (await posthorn.get(`/v1/undelivered?tenant=${tenant}&status=dead_lettered`)).body.data[0]?.count === count,
  );
  receiver.answer(path, [204]);
  return { tenant, receiver, path, close: () => receiver.close() };
}

withPage('selected dead letters are counted, replayed as a job, and delivered', async ({ page, posthorn }) => {
  const { tenant, receiver, path, close } = await deadLetters(posthorn, 4);
  await openDashboard(page, `/dead-letters?tenant=${tenant}`);
  await page.getByText('4 deliveries have failed for good, to 1 endpoint.').waitFor();
  await shoot(page, 'dead-letters');

  // without a mouse
  const boxes = page.getByRole('checkbox', { name: /^Select web_dead/ });
  await tabTo(page, boxes.nth(0));
  await page.keyboard.press('Space');
  await tabTo(page, boxes.nth(1));
  await page.keyboard.press('Space');
  const selection = page.getByRole('region', { name: 'Selection' });
  await selection.getByText('2 selected').waitFor();
  await shoot(page, 'dead-letters-selected');
  // all of them, also where rows are lines
  await page.setViewportSize({ width: 360, height: 780 });
  await page.getByText('Select all that are shown').click();
  await selection.getByText('4 selected').waitFor();
  await page.getByText('Select all that are shown').click();
  await boxes.nth(0).press('Space');
  await boxes.nth(1).press('Space');
  await page.setViewportSize({ width: 1280, height: 800 });
  await selection.getByText('2 selected').waitFor();
  await tabTo(page, selection.getByRole('button', { name: 'Replay…' }));
  await page.keyboard.press('Enter');
  const sheet = page.getByRole('dialog', { name: 'Replay the selected dead letters' });
  await sheet.getByText('Replays 2 deliveries to 1 endpoint, 50 a second: less than a second.').waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'replay-sheet');
  await tabTo(page, sheet.getByRole('button', { name: 'Replay 2' }));
  await page.keyboard.press('Enter');

  await page.getByText('2 of 2 replayed: 2 delivered.').waitFor();
  await page.getByText('Done').waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'replay-done');
  const { body } = await posthorn.get(`/v1/deliveries?tenant=${tenant}`);
  expect(body.data.map(({ status }: { status: string }) => status).sort()).toEqual([
    'dead_lettered',
    'dead_lettered',
    'succeeded',
    'succeeded',
  ]);
  expect(receiver.requests).toHaveLength(6);
  await page.getByRole('link', { name: 'Dead letters' }).click();
  // the others are refused again, which the job does not call done
  receiver.answer(path, [500]);
  // without a filter the list may have endpoints of other tests
  const group = page.getByRole('list', { name: 'Endpoints' }).getByRole('listitem').filter({ hasText: receiver.url });
  await group.getByRole('button', { name: 'Replay…' }).click();
  await page.getByRole('button', { name: 'Replay 2' }).click();
  await page.getByText('Done, with refusals').waitFor();
  await page.getByText('2 are dead letters again, and not retried.').waitFor();
  await page.getByRole('link', { name: 'Refused deliveries' }).click();
  await page.getByRole('row').filter({ hasText: 'web_dead.made' }).nth(1).waitFor();
  await page.getByRole('link', { name: 'Dead letters' }).click();
  await page.getByRole('link', { name: receiver.url }).click();
  await page.waitForURL((url) => url.searchParams.get('endpoint')?.startsWith('ep_') === true);
  await close();
});

withPage('a job is paused, resumed, paced and cancelled, and its list keeps its filters', async ({ page, posthorn }) => {
  const { tenant, receiver, close } = await deadLetters(posthorn, 3);
  await openDashboard(page, `/dead-letters?tenant=${tenant}`);
  // nothing is replayed before it was counted
  const counted = Promise.withResolvers<void>();
  const asked: unknown[] = [];
  await page.route('**/v1/replays', async (route) => {
    asked.push(route.request().postDataJSON().dryRun);
    await counted.promise;
    await route.continue();
  });
  await page.getByRole('list', { name: 'Endpoints' }).getByRole('button', { name: 'Replay…' }).click();
  await page.getByLabel('Deliveries a second').press('Enter');
  await page.getByLabel('Deliveries a second').press('Enter');
  counted.resolve();
  await page.getByRole('button', { name: 'Replay 3' }).waitFor();
  expect(asked).toEqual([true]);
  await page.unrouteAll();
  await page.getByLabel('Deliveries a second').fill('many');
  await page.getByText('must be a number from 0.01 to 1,000').waitFor();
  await page.getByLabel('Deliveries a second').fill('0.02');
  await page.getByText('Replays 3 deliveries to 1 endpoint, 0.02 a second: about 2.5 min.').waitFor();
  await page.getByRole('button', { name: 'Replay 3' }).click();
  await page.getByText(/of 3 replayed/).waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByText('Nothing is sent until it is resumed.').waitFor();
  await shoot(page, 'replay-paused');
  await page.getByLabel('Deliveries a second').fill('1000');
  await page.getByRole('button', { name: 'Set pace' }).click();
  await page.getByText('The pace is 1,000 a second now.').waitFor();
  await page.getByRole('button', { name: 'Cancel…' }).click();
  await page.getByText(/It cannot be resumed/).waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel', exact: true }).click();
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.getByText('3 of 3 replayed: 3 delivered.').waitFor();

  await page.goto(`/dashboard/replays?tenant=${tenant}`);
  const row = page.getByRole('row').filter({ hasText: `dead letters of ${receiver.url}` });
  await row.getByText('3 of 3').waitFor();
  await shoot(page, 'replays');
  await page.getByRole('button', { name: 'New replay…' }).click();
  await page.getByLabel('Tenant').fill(tenant);
  await page.getByRole('checkbox', { name: 'Dead letters' }).uncheck();
  await page.getByRole('button', { name: 'Count' }).click();
  await page.getByText('Choose at least one kind').waitFor();
  await page.getByRole('checkbox', { name: 'What was delivered' }).check();
  await shoot(page, 'new-replay');
  expect(await violations(page)).toEqual([]);
  await page.getByRole('button', { name: 'Count' }).click();
  await page.getByText('Replays 3 deliveries to 1 endpoint').waitFor();
  await page.getByRole('button', { name: 'Change what is replayed' }).click();
  expect(await page.getByLabel('Tenant').inputValue()).toBe(tenant);
  await close();
});

withPage('selected dead letters are cancelled after a question, and filters survive reload and back', async ({ page, posthorn }) => {
  const { tenant, close } = await deadLetters(posthorn, 2);
  await openDashboard(page, `/dead-letters?tenant=${tenant}&type=web_dead.never`);
  await page.getByText('Nothing matches these filters').waitFor();
  await page.getByLabel('Event type').fill('web_dead.made');
  await page.getByLabel('Event type').press('Enter');
  const rows = page.getByRole('table', { name: 'Dead letters' }).getByRole('row').filter({ hasText: 'web_dead.made' });
  await rows.first().waitFor();
  await page.getByLabel('Accepted').selectOption('last hour');
  await rows.first().waitFor();
  await page.reload();
  await rows.first().waitFor();
  expect(new URL(page.url()).search).toBe(`?tenant=${tenant}&type=web_dead.made&within=1h`);
  await page.goBack();
  await expect.poll(() => page.getByLabel('Accepted').inputValue()).toBe('');
  await rows.first().waitFor();
  await page.getByRole('checkbox', { name: 'Select all that are shown' }).check();
  await page.getByRole('button', { name: 'Cancel…' }).click();
  await page.getByText('Cancels 2 deliveries for good').waitFor();
  await page.getByRole('button', { name: 'Cancel 2 deliveries' }).click();
  await page.getByText('2 deliveries cancelled.').waitFor();
  await page.getByText('Nothing matches these filters').waitFor();
  await close();
});

withPage('a selection outlives that Posthorn is away, and that another endpoint fails', async ({ openPage, posthorn }) => {
  const { page, watched } = await openPage();
  watched.allow(/Failed to load resource/);
  const { tenant, receiver, close } = await deadLetters(posthorn, 2);
  await openDashboard(page, `/dead-letters?tenant=${tenant}`);
  await page
    .getByRole('checkbox', { name: /^Select web_dead/ })
    .first()
    .check();
  const selected = page.getByRole('region', { name: 'Selection' }).getByText('1 selected');
  await selected.waitFor();
  await page.route(/\/v1\/(deliveries|search)/, (route) => route.fulfill({ status: 503, json: { status: 503, detail: 'away' } }));
  await page.keyboard.press('Control+k');
  const refused = page.waitForResponse((response) => response.url().includes('/v1/deliveries?') && response.status() === 503);
  await page.getByRole('combobox', { name: 'Id, name, page or command' }).fill('anything');
  await refused;
  await page.keyboard.press('Escape');
  await selected.waitFor();
  receiver.answer('/others', [500]);
  await posthorn.makeEndpoint(tenant, `${receiver.url}/others`, once);
  await posthorn.postEvent(tenant, { type: 'web_dead.other' });
  // the first endpoint accepts by now
  await until(
    'the second endpoint',
    async () => (await posthorn.get(`/v1/undelivered?tenant=${tenant}&status=dead_lettered`)).body.data.length === 2,
  );
  await page.unrouteAll();
  await page.getByText('3 deliveries have failed for good, to 2 endpoints.').waitFor();
  await page.getByRole('checkbox', { name: 'Select web_dead.other' }).waitFor();
  await selected.waitFor();
  await close();
});
