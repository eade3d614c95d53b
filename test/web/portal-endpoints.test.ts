// Endpoints in the portal: added with a filter and a test event, edited, rotated, paused, deleted; messages for chats.
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { inTens } from '../support/in-tens.ts';
import { type TestPosthorn, testApiKey } from '../support/posthorn.ts';
import { startReceiver } from '../support/receiver.ts';
import { violations } from './support/axe.ts';
import { openPortal } from './support/open-portal.ts';
import { shoot } from './support/screenshot.ts';
import { tabTo } from './support/tab-to.ts';
import { canary } from './support/watch-page.ts';
import { withPage } from './support/with-page.ts';

const schema = {
  type: 'object',
  properties: {
    orderId: { type: 'string', description: canary('schema') },
    amount: { type: 'number', description: 'In euros.' },
    currency: { enum: ['EUR', 'USD'] },
  },
  required: ['orderId'],
  additionalProperties: false,
};

async function withTypes(posthorn: TestPosthorn, name: string): Promise<{ type: string; remove: () => Promise<unknown> }> {
  const type = `${name}.placed`;
  const examples = [{ orderId: '1001', amount: 250, currency: 'EUR' }];
  await posthorn.post('/v1/event-types', { name: type, group: canary('group'), description: canary('type'), schema, examples });
  return { type, remove: () => posthorn.call('DELETE', `/v1/event-types/${type}`) };
}

const endpointsOf = async (posthorn: TestPosthorn, tenant: string) => (await posthorn.get(`/v1/tenants/${tenant}/endpoints`)).body.data;

async function addCondition(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Add a condition' }).click();
  await page.keyboard.type('data.amount');
  const condition = page.getByRole('group', { name: 'condition data.amount' });
  await condition.getByLabel('Comparison').selectOption('is at least');
  await condition.getByLabel('Value', { exact: true }).fill('100');
}

withPage('an endpoint is added with a filter, and its test event has its result at once', async ({ page, posthorn }) => {
  const receiver = await startReceiver();
  receiver.answer('/hooks', (_request, response) => void response.writeHead(200).end(canary('answer')));
  const tenant = await posthorn.makeTenant();
  const { type, remove } = await withTypes(posthorn, 'portal_add');
  await openPortal(posthorn, page, tenant, '/endpoints');
  // all of it by keyboard
  await page.getByText('No endpoints yet').waitFor();
  await tabTo(page, page.getByRole('link', { name: 'Add endpoint' }));
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByLabel('Address (URL)'));
  await page.keyboard.type(`${receiver.url}/hooks`);
  await tabTo(page, page.getByLabel('All event types, also those that come later'));
  await page.keyboard.press('ArrowDown');
  await tabTo(page, page.getByLabel(type));
  await page.keyboard.press('Space');
  await tabTo(page, page.getByRole('button', { name: 'Add a condition' }));
  await page.keyboard.press('Enter');
  await page.keyboard.type('data.amount');
  await tabTo(page, page.getByLabel('Comparison'));
  await page.keyboard.type('is at least');
  await tabTo(page, page.getByLabel('Value', { exact: true }));
  await page.keyboard.type('100');
  await page.getByText('is sent', { exact: true }).waitFor();
  await tabTo(page, page.getByText('More settings'));
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByLabel('Description'));
  await page.keyboard.insertText(canary('description'));
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'portal-endpoint-new');
  await tabTo(page, page.getByRole('button', { name: 'Add endpoint' }));
  await page.keyboard.press('Enter');
  const secret = page.getByRole('region', { name: 'Signing secret' });
  await secret.getByText('whsec_').waitFor();
  const [made] = await endpointsOf(posthorn, tenant);
  expect(made).toMatchObject({ eventTypes: [type], filter: { 'data.amount': { $gte: 100 } }, description: canary('description') });
  await page.getByText('data.amount is at least 100').waitFor();
  await tabTo(page, page.getByRole('button', { name: 'Send test event' }));
  await page.keyboard.press('Enter');
  const result = page.getByRole('status').filter({ hasText: 'Accepted' });
  await result.getByText('HTTP 200').waitFor();
  expect(receiver.requests).toHaveLength(1);
  expect(JSON.parse(String(receiver.requests[0]?.body))).toMatchObject({ type, data: { orderId: '1001', amount: 250 } });
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'portal-endpoint');
  await page.reload();
  await page.getByRole('button', { name: 'Rotate secret' }).waitFor();
  expect(await page.getByText('whsec_').count()).toBe(0);
  await remove();
  await receiver.close();
});

withPage('an endpoint is paused, resumed, edited, its secret rotated, and deleted with the effect told', async ({ page, posthorn }) => {
  const receiver = await startReceiver();
  const tenant = await posthorn.makeTenant();
  const raw = `{"url":${JSON.stringify(`${receiver.url}/hooks?team=a`)},"filter":{"data.id":9007199254740993},"headers":{"x-team":"a"}}`;
  const made = await posthorn.call('POST', `/v1/tenants/${tenant}/endpoints`, undefined, { raw });
  expect(made.body).toMatchObject({ tenant });
  const { id, secret } = made.body;
  await openPortal(posthorn, page, tenant, '/endpoints');
  await shoot(page, 'portal-endpoints');
  expect(await violations(page)).toEqual([]);
  await page.getByRole('link', { name: receiver.url }).click();
  await page.getByText('data.id equals 9007199254740993').waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByText('Its events wait until you resume it.').waitFor();
  await page.getByRole('button', { name: 'Resume', exact: true }).click();
  await page.getByText('Events are sent to it.').waitFor();

  await page.getByRole('button', { name: 'Rotate secret' }).click();
  const dialog = page.getByRole('dialog', { name: 'Rotate the signing secret?' });
  await dialog.getByText('every request has both signatures').waitFor();
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Rotate secret' }).click();
  const shown = await page.getByRole('region', { name: 'Signing secret' }).getByText('whsec_').textContent();
  expect(shown).not.toBe(secret);
  await page.getByText('Previous secret').waitFor();
  await page.getByRole('button', { name: 'I have stored it' }).click();

  await page.getByRole('link', { name: 'Edit' }).click();
  const save = page.getByRole('button', { name: 'Save changes' });
  await page.getByText('nothing has changed').waitFor();
  await page.getByText('More settings').click();
  await page.getByLabel('Description').fill('Shop');
  await addCondition(page);
  await page.getByRole('button', { name: 'Add a group' }).click();
  const group = page.getByRole('group', { name: 'At least one of these holds' });
  await page.keyboard.type('type');
  await group.getByLabel('Value', { exact: true }).first().fill(canary('value'));
  await group.getByRole('button', { name: 'Remove condition', exact: true }).click();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'portal-endpoint-edit');
  await page.getByRole('button', { name: 'Edit as JSON' }).click();
  const json = page.getByLabel('Filter as JSON');
  const written = await json.inputValue();
  expect(JSON.parse(written).$or).toEqual([{ type: canary('value') }]);
  await json.fill(`${written}]`);
  await page.getByText('This JSON is not a filter yet.').first().waitFor();
  await json.fill(written);
  await page.getByRole('button', { name: 'Back to the conditions' }).click();
  await page.getByRole('button', { name: 'Remove group' }).click();
  await save.click();
  await page.getByText('Shop').waitFor();
  const headers = { authorization: `Bearer ${testApiKey}` };
  const text = await (await fetch(`${posthorn.origin}/v1/endpoints/${id}`, { headers })).text();
  expect(text).toContain('"filter":{"data.id":9007199254740993,"data.amount":{"$gte":100}}');

  await page.getByRole('button', { name: 'Delete' }).click();
  const confirm = page.getByRole('dialog', { name: 'Delete this endpoint?' });
  await confirm.getByText('No events wait for it.').waitFor();
  await confirm.getByRole('button', { name: 'Delete' }).click();
  await page.getByText('No endpoints yet').waitFor();
  expect(await endpointsOf(posthorn, tenant)).toEqual([]);
  await receiver.close();
});

withPage('a message for a chat is built without code, and refusals stand at their field', async ({ openPage, posthorn }) => {
  const { page, watched } = await openPage({ width: 360 });
  watched.allow(/status of 422/);
  const tenant = await posthorn.makeTenant();
  const { type, remove } = await withTypes(posthorn, 'portal_chat');
  await openPortal(posthorn, page, tenant, '/endpoints/new');
  await page.getByLabel('Address (URL)').fill('https://hooks.slack.com/services/T0/B0/x');
  await page.getByRole('button', { name: 'Write messages for Slack' }).click();
  await page.getByLabel('Only these').check();
  await page.getByLabel(type).check();
  await page.getByLabel('Heading').fill('Order {{data.orderId}}');
  await page.getByLabel('Insert a value of the event').selectOption('data.amount');
  await page.getByRole('button', { name: 'Insert' }).click();
  await page.getByRole('region', { name: 'Preview' }).getByText('Order 1001250').waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'portal-endpoint-chat');
  await page.getByLabel('Button with a link').fill('ftp://x');
  await page.getByRole('button', { name: 'Add a condition' }).click();
  await page.keyboard.type('data.amonut');
  await page.getByRole('button', { name: 'Add endpoint' }).click();
  await page.getByText('must begin with https:// or http:// and a host').first().waitFor();
  await page.getByLabel('Button with a link').fill('');
  await page.getByRole('button', { name: 'Add endpoint' }).click();
  await page.getByRole('group', { name: 'condition data.amonut' }).getByText('can never match').waitFor();
  expect(await endpointsOf(posthorn, tenant)).toEqual([]);
  await page.getByRole('button', { name: 'Remove condition data.amonut' }).click();
  await page.getByRole('button', { name: 'Add endpoint' }).click();
  await page.getByRole('heading', { name: 'https://hooks.slack.com' }).waitFor();
  const [made] = await endpointsOf(posthorn, tenant);
  expect(made.transform).toEqual({ preset: 'slack', title: 'Order {{data.orderId}}{{data.amount}}' });
  await remove();
});

withPage('only the chosen types are subscribed to, and what was typed is not lost without a question', async ({ openPage, posthorn }) => {
  const { page } = await openPage({ width: 360 });
  const tenant = await posthorn.makeTenant();
  await openPortal(posthorn, page, tenant, '/endpoints/new', { language: 'de' });
  await page.getByLabel('Adresse (URL)').fill('http://127.0.0.1:9/typed');
  await page.getByLabel('Nur diese').check();
  await page.getByRole('button', { name: 'Endpunkt hinzufügen' }).click();
  await page.getByText('Wählen Sie mindestens einen aus').waitFor();
  expect(await endpointsOf(posthorn, tenant)).toEqual([]);
  await page.getByRole('link', { name: 'Zustellungen' }).click();
  const question = page.getByRole('dialog', { name: 'Verlassen, ohne zu speichern?' });
  await shoot(page, 'portal-leave-de');
  await question.getByRole('button', { name: 'Abbrechen' }).click();
  // typed, and not added
  await page.getByLabel('Anderer Typ oder Muster').fill('order.*');
  await page.getByRole('button', { name: 'Endpunkt hinzufügen' }).click();
  await page.getByRole('heading', { name: 'http://127.0.0.1:9/typed' }).waitFor();
  const [made] = await endpointsOf(posthorn, tenant);
  expect(made).toMatchObject({ url: 'http://127.0.0.1:9/typed', eventTypes: ['order.*'] });
  await page.getByRole('button', { name: 'Ich habe ihn gespeichert' }).click();
  await page.getByRole('link', { name: 'Bearbeiten' }).click();
  await page.getByLabel('order.*', { exact: true }).click();
  await page.getByRole('button', { name: 'Änderungen speichern' }).click();
  await page.getByText('Wählen Sie mindestens einen aus').waitFor();
  await page.getByRole('link', { name: 'Zustellungen' }).click();
  await question.getByRole('button', { name: 'Seite verlassen' }).click();
  await page.getByRole('heading', { name: 'Zustellungen', exact: true }).waitFor();
  expect(await endpointsOf(posthorn, tenant)).toMatchObject([{ eventTypes: ['order.*'] }]);
});

withPage('all of many endpoints are there, and one is found by its address', async ({ page, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  await posthorn.call('PATCH', `/v1/tenants/${tenant}`, { maxEndpoints: 300 });
  await posthorn.makeEndpoint(tenant, 'http://127.0.0.1:9/oldest');
  await inTens(250, (n) => posthorn.makeEndpoint(tenant, `http://127.0.0.1:9/hook-${n}`));
  await posthorn.makeEndpoint(tenant, 'http://127.0.0.1:9/newest');
  await openPortal(posthorn, page, tenant, '/endpoints');
  const search = page.getByLabel('Find an endpoint');
  await search.fill('nowhere');
  await page.getByText('No endpoint fits').waitFor();
  await page.getByRole('link', { name: 'Show all endpoints' }).click();
  await page.getByRole('row').filter({ hasText: '/newest' }).waitFor();
  await search.fill('OLDEST');
  await page.getByRole('row').filter({ hasText: '/oldest' }).waitFor();
  await expect.poll(() => page.getByRole('row').count()).toBe(2);
});
