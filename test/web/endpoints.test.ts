// Endpoints in the dashboard: listed and found, made, tested, paused and resumed, rotated, checked, deleted.
import { expect } from 'vitest';
import { startReceiver } from '../support/receiver.ts';
import { violations } from './support/axe.ts';
import { openedStream } from './support/opened-stream.ts';
import { shoot } from './support/screenshot.ts';
import { canary } from './support/watch-page.ts';
import { openDashboard, withPage } from './support/with-page.ts';

const inUrl = `/${encodeURIComponent(canary('url')).replaceAll("'", '%27')}`;

withPage(
  'makes an endpoint by keyboard, shows its secret once, and sends it a test event with the result at once',
  async ({ page, posthorn }) => {
    const receiver = await startReceiver();
    const tenant = await posthorn.makeTenant();
    await openDashboard(page, '/endpoints');
    await page.getByRole('button', { name: 'New endpoint' }).press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Tenant').waitFor();
    await page.keyboard.type(tenant);
    await page.keyboard.press('Tab');
    await page.keyboard.type('no url');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.type(canary('description'));
    await page.keyboard.press('Enter');
    await dialog.getByRole('alert').filter({ hasText: /space/ }).waitFor();
    expect(await violations(page)).toEqual([]);
    await dialog.getByLabel('URL').fill(receiver.url + inUrl);
    await page.keyboard.press('Enter');
    const secret = await dialog.getByText(/^whsec_/).textContent();
    expect(await violations(page)).toEqual([]);
    await shoot(page, 'endpoint-secret');
    await dialog.getByRole('button', { name: 'I have stored it' }).click();
    await page.waitForURL(/\/dashboard\/endpoints\/ep_/);
    await page.getByText('Deliveries are sent directly.').waitFor();
    expect(await page.content()).not.toContain(secret);
    await page.getByRole('button', { name: 'Send a test event' }).click();
    await dialog.getByLabel('Data').fill(JSON.stringify({ text: canary('data') }));
    receiver.answer(inUrl, (_, response) => void response.writeHead(503, { 'content-type': canary('type') }).end(canary('answer')));
    await dialog.getByRole('button', { name: 'Send', exact: true }).click();
    await dialog.getByText('Not accepted').waitFor();
    await dialog.getByText(canary('answer')).waitFor();
    expect(await violations(page)).toEqual([]);
    await shoot(page, 'endpoint-test');
    receiver.answer(inUrl, [200]);
    await dialog.getByRole('button', { name: 'Send', exact: true }).click();
    await dialog.getByText('Accepted', { exact: true }).waitFor();
    await receiver.close();
  },
);

withPage('finds endpoints by state and text, and keeps that in the address', async ({ page, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const url = 'http://127.0.0.1:9/hook';
  const paused = await posthorn.makeEndpoint(tenant, url, { description: `paused one ${tenant}` });
  await posthorn.makeEndpoint(tenant, url, { description: canary('description'), eventTypes: ['order.*'] });
  await posthorn.call('POST', `/v1/endpoints/${paused.id}/pause`);
  await openDashboard(page, `/endpoints?tenant=${tenant}`);
  const rows = page.getByRole('row').filter({ has: page.getByRole('link') });
  await rows.nth(1).waitFor();
  await shoot(page, 'endpoints');
  await page.getByLabel('Paused').check();
  await page.waitForURL(/condition=paused/);
  await page.getByLabel('Search endpoints').fill(`ONE ${tenant}`);
  await page.waitForURL(/search=/);
  await page.reload();
  await rows.first().waitFor();
  expect(await rows.count()).toBe(1);
  await page.getByLabel('Search endpoints').fill('nothing like that');
  await page.getByText('No endpoint matches').waitFor();
  expect(await violations(page)).toEqual([]);
  await page.getByRole('link', { name: 'Show all endpoints' }).click();
  await page.goBack();
  await page.getByText('No endpoint matches').waitFor();
  await page.goto(`/dashboard/endpoints?tenant=${tenant}`);
  await rows.last().getByRole('link').press('Enter');
  await page.waitForURL(/\/dashboard\/endpoints\/ep_/);
});

withPage('shows at once what somebody else orders, on the page of the endpoint', async ({ page, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const { id } = await posthorn.makeEndpoint(tenant, 'http://127.0.0.1:9/hook');
  // the page reads the settings again only when the stream tells of a change
  const stream = openedStream(page);
  await openDashboard(page, `/endpoints/${id}/settings`);
  const description = page.getByLabel('Description');
  await description.waitFor();
  await stream;
  await posthorn.call('POST', `/v1/endpoints/${id}/pause`);
  await page.getByRole('button', { name: 'Resume' }).waitFor();
  await posthorn.call('PATCH', `/v1/endpoints/${id}`, { description: 'by somebody else' });
  await expect.poll(() => description.inputValue()).toBe('by somebody else');
});

withPage('pauses, resumes and deletes an endpoint, each with its effect before', async ({ page, posthorn }) => {
  const receiver = await startReceiver();
  const tenant = await posthorn.makeTenant();
  const { id } = await posthorn.makeEndpoint(tenant, `${receiver.url}/hook`);
  await openDashboard(page, `/endpoints/${id}/lane`);
  await page.getByRole('button', { name: 'Pause' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('none is lost').waitFor();
  await dialog.getByRole('button', { name: 'Pause the endpoint' }).click();
  await page.getByRole('button', { name: 'Resume' }).waitFor();
  const event = await posthorn.postEvent(tenant);
  await page.getByText('Latest held deliveries').waitFor();
  await page.getByText('The endpoint is paused. Deliveries are held until it is resumed.').first().waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'endpoint-lane');
  expect(receiver.of(event)).toEqual([]);
  await page.getByRole('button', { name: 'Delete' }).click();
  await dialog.getByText('Its one unfinished delivery is cancelled.').waitFor();
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.getByText('The endpoint is resumed.').waitFor();
  await page.getByRole('button', { name: 'Pause' }).waitFor();
  await page.getByText('Latest held deliveries').waitFor({ state: 'hidden' });
  expect(receiver.of(event)).toHaveLength(1);
  await page.getByRole('link', { name: 'Overview', exact: true }).last().press('Enter');
  await page.getByRole('row').filter({ hasText: 'Delivered' }).waitFor();
  await page.getByText('Duration of requests').waitFor();
  await shoot(page, 'endpoint');
  await page.getByRole('button', { name: 'Delete' }).click();
  await dialog.getByRole('button', { name: 'Delete the endpoint' }).click();
  await page.waitForURL('**/dashboard/endpoints');
  expect((await posthorn.get(`/v1/endpoints/${id}`)).status).toBe(404);
  await receiver.close();
});

withPage('rotates the secret, ends the earlier one, and checks the receiver', async ({ page, posthorn }) => {
  const receiver = await startReceiver();
  const tenant = await posthorn.makeTenant();
  const { id } = await posthorn.makeEndpoint(tenant, `${receiver.url}/hook`);
  await openDashboard(page, `/endpoints/${id}/secrets`);
  await page.getByRole('button', { name: 'Rotate the secret' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('The earlier secrets still sign for').selectOption('7d');
  // closed before the answer is there: the secret is shown all the same
  const answered = Promise.withResolvers<void>();
  await page.route('**/rotate-secret', async (route) => {
    await answered.promise;
    await route.continue();
  });
  await dialog.getByRole('button', { name: 'Rotate the secret' }).click();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await dialog.waitFor({ state: 'detached' });
  answered.resolve();
  await dialog.getByText(/^whsec_/).waitFor();
  await dialog.getByRole('button', { name: 'I have stored it' }).click();
  await page.getByText('Earlier', { exact: true }).waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'endpoint-secrets');
  await page.getByRole('button', { name: 'End it now' }).click();
  await dialog.getByRole('button', { name: 'End the secret' }).click();
  await page.getByText('Earlier', { exact: true }).waitFor({ state: 'hidden' });
  expect((await posthorn.get(`/v1/endpoints/${id}/secrets`)).body.data).toHaveLength(1);
  await page.getByRole('link', { name: 'Conformance' }).click();
  await page.getByText('Not checked yet').waitFor();
  await page.getByRole('button', { name: 'Check the receiver' }).click();
  await dialog.getByRole('button', { name: 'Send the requests' }).click();
  // it accepts everything, forged requests too
  await page.getByText('The receiver does not conform').waitFor();
  await page.getByText('Verify the signature over the raw bytes').waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'endpoint-conformance');
  await receiver.close();
});

withPage('shows that an endpoint has not agreed, why, and when it may be asked again', async ({ page, posthorn }) => {
  const receiver = await startReceiver();
  const tenant = await posthorn.makeTenant();
  const path = '/never-agrees';
  const { promise: isShown, resolve: shown } = Promise.withResolvers<void>();
  receiver.answer(path, async (_, response) => {
    await isShown;
    response.writeHead(200).end(canary('answer'));
  });
  const { id } = await posthorn.makeEndpoint(tenant, receiver.url + path, { verification: 'echo' });
  await openDashboard(page, `/endpoints/${id}/secrets`);
  await page.getByText('The endpoint is not verified. Deliveries are held until it agrees to receive them.').waitFor();
  await page.getByText('Being asked').waitFor();
  // what it answers is read without an order of anybody
  shown();
  await page.getByText('Last answer').waitFor();
  await page.getByRole('button', { name: /Resume.*it is not verified/ }).waitFor();
  await page.getByRole('button', { name: 'Ask again' }).click();
  await page.getByRole('alert').filter({ hasText: 'asked to verify a moment ago' }).waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'endpoint-unverified');
  await receiver.close();
});
