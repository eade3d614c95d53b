// Quarantine and missed events in a real browser.
import { expect } from 'vitest';
import type { TestPosthorn } from '../support/posthorn.ts';
import { startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';
import { violations } from './support/axe.ts';
import { shoot } from './support/screenshot.ts';
import { canary } from './support/watch-page.ts';
import { openDashboard, withPage } from './support/with-page.ts';

const once = { retry: { initial: '1s', factor: 1, max: '1s', attempts: 1 } };

/** Dead letters, whose endpoint accepts from now on. */
async function refused(posthorn: TestPosthorn, count: number) {
  const receiver = await startReceiver();
  receiver.answer('/hooks', [500]);
  const tenant = await posthorn.makeTenant();
  const { id: endpoint } = await posthorn.makeEndpoint(tenant, `${receiver.url}/hooks`, { ...once, description: canary('description') });
  for (let n = 0; n < count; n++) await posthorn.postEvent(tenant, { type: 'web_missed.made', data: { text: canary('data') } });
  const list = async () => (await posthorn.get(`/v1/deliveries?tenant=${tenant}&status=dead_lettered`)).body.data;
  await until('the dead letters', async () => (await list()).length === count);
  receiver.answer('/hooks', [204]);
  return { tenant, endpoint, receiver, ids: (await list()).map(({ id }: { id: string }) => id) };
}

withPage('what is in quarantine is released together, and what cannot be released is told', async ({ page, posthorn }) => {
  const { tenant, receiver, ids } = await refused(posthorn, 3);
  const set = (status: string, some: string[]) =>
    posthorn.database.db.query('update deliveries set status = $1, faults = 10, last_message = $2 where id = any($3::uuid[])', [
      ...[status, canary('message'), some.map((id) => id.slice('dlv_'.length))],
    ]);
  await set('quarantined', ids);
  await openDashboard(page, `/quarantine?tenant=${tenant}`);
  const rows = page.getByRole('row').filter({ hasText: 'web_missed.made' });
  await rows.nth(2).waitFor();
  expect(await violations(page)).toEqual([]);
  await page.getByRole('checkbox', { name: 'Select all that are shown' }).check();
  await shoot(page, 'quarantine');
  // meanwhile somebody else has seen to one
  await set('dead_lettered', ids.slice(0, 1));
  await page.getByRole('button', { name: 'Release' }).click();
  await page.getByText('2 deliveries released.').waitFor();
  await page.getByText('1 delivery not released: The delivery is dead_lettered: release does not apply.').waitFor();
  await page.getByText('Nothing is in quarantine').waitFor();
  expect(await violations(page)).toEqual([]);
  await receiver.close();
});

withPage('missed events are listed as their consumer fetches them, and acknowledged after a question', async ({ page, posthorn }) => {
  const { tenant, receiver, ids } = await refused(posthorn, 2);
  await openDashboard(page, `/missed?tenant=${tenant}`);
  const group = page.getByRole('link', { name: `${receiver.url}/hooks` });
  await group.click();
  const rows = page.getByRole('row').filter({ hasText: 'web_missed.made' });
  await rows.nth(1).waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'missed');
  await page.reload();
  await rows.nth(1).waitFor();
  await page.getByRole('button', { name: 'Acknowledge all 2…' }).click();
  await page.getByText('Marks 2 events as taken').waitFor();
  await page.getByRole('button', { name: 'Acknowledge 2', exact: true }).click();
  await page.getByText('No endpoint misses anything').waitFor();
  expect(await violations(page)).toEqual([]);
  for (const id of ids) expect((await posthorn.get(`/v1/deliveries/${id}`)).body.status).toBe('succeeded');
  await receiver.close();
});
