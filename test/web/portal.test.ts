// The portal of a link, in a real browser: whose it is, what it keeps of the token, and what it says when the link has ended.
import { expect } from 'vitest';
import type { TestPosthorn } from '../support/posthorn.ts';
import { startReceiver } from '../support/receiver.ts';
import { violations } from './support/axe.ts';
import { shoot } from './support/screenshot.ts';
import { canary } from './support/watch-page.ts';
import { withPage } from './support/with-page.ts';

const logo = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

async function makeLink(posthorn: TestPosthorn, tenant: string, more: object = {}): Promise<{ id: string; url: string; token: string }> {
  const { status, body } = await posthorn.post('/v1/portal-links', { tenant, ...more });
  expect(status).toBe(201);
  return body;
}

withPage('of tenant A shows nothing of tenant B, and keeps the token out of the address', async ({ page, posthorn }) => {
  const receiver = await startReceiver();
  const [a, b] = [await posthorn.makeTenant(), await posthorn.makeTenant()];
  await posthorn.call('PATCH', `/v1/tenants/${a}`, { name: canary('name') });
  for (const [tenant, type] of [
    [a, 'portal.ours'],
    [b, 'portal.theirs'],
  ] as const) {
    await posthorn.makeEndpoint(tenant, `${receiver.url}/${tenant}`, { description: canary(`endpoint of ${type}`) });
    await posthorn.postEvent(tenant, { type, data: { text: canary('data') } });
  }
  const link = await makeLink(posthorn, a, { language: 'en' });
  await page.goto(link.url);
  await page.getByRole('row').filter({ hasText: 'portal.ours' }).getByText('Delivered').waitFor();
  await page.waitForURL(`${posthorn.origin}/portal/deliveries`);
  const addresses = await page.evaluate('navigation.entries().map(({ url }) => url)');
  expect(JSON.stringify(addresses)).not.toContain(link.token.slice(0, 20));
  expect(await page.getByText('portal.theirs').count()).toBe(0);
  expect(await page.getByText(canary('name')).count()).toBe(1);
  await shoot(page, 'portal-deliveries');
  await page.reload();
  await page.getByRole('row').filter({ hasText: 'portal.ours' }).waitFor();
  const [theirs] = (await posthorn.get(`/v1/deliveries?tenant=${b}`)).body.data;
  await page.goto(`/portal/deliveries/${theirs.id}`);
  await page.getByText('There is no such delivery').waitFor();
  await receiver.close();
});

withPage('speaks German where the link says so, in its colours, and in English when the user wants that', async ({ page, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const theme = { accent: '#ffd84d', radius: 0, mode: 'dark', logo };
  await page.goto((await makeLink(posthorn, tenant, { language: 'de', theme })).url);
  await page.getByRole('heading', { name: 'Endpunkte', exact: true }).waitFor();
  expect(await page.evaluate('document.documentElement.lang')).toBe('de');
  expect(await page.evaluate(`getComputedStyle(document.querySelector('.portal-here')).borderBottomColor`)).toBe('rgb(255, 216, 77)');
  await expect.poll(() => page.locator('img').evaluate((image: { naturalWidth: number }) => image.naturalWidth)).toBe(1);
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'portal-german');
  await page.getByLabel('Sprache dieser Seite').selectOption('English');
  await page.getByRole('heading', { name: 'Endpoints', exact: true }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Endpoints', exact: true }).waitFor();
});

withPage('an order for one tenant is not sent with the link of another, and the page says so', async ({ openPage, posthorn }) => {
  const [a, b] = [await posthorn.makeTenant(), await posthorn.makeTenant()];
  const { id } = await posthorn.makeEndpoint(a, 'http://127.0.0.1:9/ordered');
  const [ours, theirs] = [await makeLink(posthorn, a), await makeLink(posthorn, b)];
  const { page, watched } = await openPage();
  watched.allow(/Failed to load resource/);
  await page.goto(ours.url);
  await page.getByRole('navigation').waitFor();
  await page.goto(`/portal/endpoints/${id}`);
  let isAway = true;
  // only the new link is answered: any other answer would mean that Posthorn is back
  const isCut = ({ pathname }: URL) => isAway && /^\/(v1|readyz)/.test(pathname) && !pathname.startsWith('/v1/portal-links/');
  const pause = page.getByRole('button', { name: 'Pause' });
  await pause.waitFor();
  await page.route('**', (route, request) => (isCut(new URL(request.url())) ? route.fulfill({ status: 502 }) : route.continue()));
  await pause.click();
  await page.getByRole('alert').getByText('No connection to').waitFor();
  await page.evaluate(`location.hash = '${new URL(theirs.url).hash}'`);
  await page.getByRole('heading', { name: 'Deliveries', exact: true }).waitFor();
  isAway = false;
  const told = page.getByRole('dialog', { name: 'What was ordered may have been carried out' });
  await told.waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'portal-not-sent');
  await told.getByRole('button', { name: 'Close' }).last().click();
  await told.waitFor({ state: 'detached' });
  expect((await posthorn.get(`/v1/endpoints/${id}`)).body.gate).toBe('open');
});

withPage('says that its link has ended, and why', async ({ openPage, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const [expired, revoked] = [await makeLink(posthorn, tenant), await makeLink(posthorn, tenant)];
  await posthorn.database.db.query(`update portal_links set expires_at = now() - interval '1 second' where id = $1`, [expired.id.slice(4)]);
  const [{ page, watched: revokedWatch }, { page: other, watched }] = [await openPage(), await openPage()];
  watched.allow(/401/);
  await other.goto(expired.url);
  await other.getByRole('heading', { name: 'This link is no longer valid' }).waitFor();
  expect(await violations(other)).toEqual([]);
  await shoot(other, 'portal-ended');
  await other.goto('/portal');
  await other.getByRole('heading', { name: 'This page needs a link' }).waitFor();
  await page.goto(revoked.url);
  await page.getByRole('heading', { name: 'Endpoints', exact: true }).waitFor();
  expect((await posthorn.call('DELETE', `/v1/portal-links/${revoked.id}`)).status).toBe(204);
  revokedWatch.allow(/401/);
  await page.reload();
  await page.getByRole('heading', { name: 'This link is no longer valid' }).waitFor();
});

withPage('asks for a link where none was given', async ({ page, posthorn }) => {
  await page.goto('/portal/deliveries');
  await page.getByRole('heading', { name: 'This page needs a link' }).waitFor();
  expect(await violations(page)).toEqual([]);
  // a link that is opened in the same tab
  await page.goto((await makeLink(posthorn, await posthorn.makeTenant())).url);
  await page.getByRole('heading', { name: 'Endpoints', exact: true }).waitFor();
});

withPage('shows the link that was opened last, whatever is answered first', async ({ page, posthorn }) => {
  const [a, b] = [await posthorn.makeTenant(), await posthorn.makeTenant()];
  const [first, last] = [await makeLink(posthorn, a), await makeLink(posthorn, b)];
  const answers: (() => void)[] = [];
  await page.route('**/v1/portal-links/current', async (route) => {
    const isFirst = route.request().headers().authorization === `Bearer ${first.token}`;
    if (isFirst) await new Promise<void>((resolve) => answers.push(resolve));
    await route.continue();
  });
  await page.goto(first.url);
  await expect.poll(() => answers.length).toBe(1);
  await page.evaluate(`location.replace('#token=${last.token}')`);
  await page.getByText(b, { exact: true }).waitFor();
  const late = page.waitForResponse((response) => response.request().headers().authorization === `Bearer ${first.token}`);
  for (const answer of answers) answer();
  await (await late).finished();
  await page.getByRole('link', { name: 'Health' }).click();
  await page.getByRole('heading', { name: 'Health', exact: true }).waitFor();
  expect(await page.getByText(b, { exact: true }).count()).toBe(1);
  expect(await page.getByText(a, { exact: true }).count()).toBe(0);
});
