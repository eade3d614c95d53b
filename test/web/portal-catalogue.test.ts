// Event types, help and the check of a receiver in the portal.
import { expect } from 'vitest';
import { startReceiver } from '../support/receiver.ts';
import { violations } from './support/axe.ts';
import { openPortal } from './support/open-portal.ts';
import { shoot } from './support/screenshot.ts';
import { canary } from './support/watch-page.ts';
import { withPage } from './support/with-page.ts';

withPage('an event type has its fields, an example, and sample requests for tests', async ({ page, posthorn }) => {
  const type = 'portal_type.placed';
  const schema = {
    type: 'object',
    properties: { note: { type: 'string', description: canary('field') }, lines: { items: { type: 'object' } } },
  };
  await posthorn.post('/v1/event-types', { name: type, group: 'Orders', description: canary('type'), schema });
  await posthorn.post(`/v1/event-types/${type}/versions`, { version: 2, schema, examples: [{ note: canary('example'), lines: [] }] });
  const tenant = await posthorn.makeTenant();
  await openPortal(posthorn, page, tenant, '/catalogue');
  await page.getByLabel('Find an event type').fill('portal_type.pl');
  await page.getByRole('link', { name: type }).waitFor();
  await shoot(page, 'portal-catalogue');
  await page.reload();
  expect(await page.getByLabel('Find an event type').inputValue()).toBe('portal_type.pl');
  await page.getByLabel('Find an event type').fill('nothing is called so');
  await page.getByRole('button', { name: 'Show all' }).click();
  await page.goto(`/portal/catalogue/${type}`);
  await page.getByRole('row').filter({ hasText: 'data.note' }).getByText(canary('field')).waitFor();
  await page.getByRole('button', { name: 'Show the requests' }).click();
  await page.getByLabel('wrong_secret').check();
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download as JSON' }).click()]);
  expect(file.suggestedFilename()).toBe(`${type}-2.json`);
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'portal-type');
  await page.getByLabel('Version').selectOption('1');
  await page.getByText('There is no example.').waitFor();
  await page.goBack();
  await posthorn.call('DELETE', `/v1/event-types/${type}`);
});

withPage('help has the code that verifies a signature, in English and in German', async ({ page, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  await posthorn.makeEndpoint(tenant, 'https://hooks.example.com/orders', { signing: { schemes: ['v1a'] } });
  await openPortal(posthorn, page, tenant, '/help', { language: 'de' });
  await page.getByRole('heading', { name: 'Die Signatur prüfen' }).waitFor();
  await page.getByLabel('Programmiersprache', { exact: true }).selectOption('Python');
  await page.getByRole('region', { name: 'Code Python' }).getByText('hmac').first().waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'portal-help-de');
  await page.getByLabel('Für den Endpunkt').selectOption('https://hooks.example.com/orders');
  await page.getByText('jwks.json').first().waitFor();
});

withPage('a receiver is checked, and what to change in it is said', async ({ openPage, posthorn }) => {
  const { page, watched } = await openPage();
  // there is no report yet
  watched.allow(/status of 404/);
  const receiver = await startReceiver();
  const tenant = await posthorn.makeTenant();
  const { id } = await posthorn.makeEndpoint(tenant, `${receiver.url}/hooks`);
  await openPortal(posthorn, page, tenant, `/endpoints/${id}/check`);
  await page.getByText('It was not checked yet.').waitFor();
  await page.getByLabel('Event type that the receiver knows').fill('order.placed');
  await page.keyboard.press('Enter');
  const forged = page.getByRole('listitem').filter({ hasText: 'Forged signatures are refused' });
  await forged.getByText('Failed').waitFor();
  await forged.getByText('Verify the signature over the raw bytes').waitFor();
  await page.getByText('Not passed').waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'portal-check');
  await receiver.close();
});
