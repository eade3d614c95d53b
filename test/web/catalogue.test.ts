// The catalogue of event types, in a real browser.
import { expect } from 'vitest';
import { violations } from './support/axe.ts';
import { shoot } from './support/screenshot.ts';
import { canary } from './support/watch-page.ts';
import { openDashboard, withPage } from './support/with-page.ts';

const schema = (more: object, required: string[]) => ({
  type: 'object',
  description: canary('schema'),
  properties: { orderId: { type: 'string' }, total: { type: 'number', minimum: 0 }, ...more },
  required,
});

withPage('registers a type, shows what a new version breaks before it is stored, and what it changed after', async ({ page, posthorn }) => {
  const name = `web_catalogue.${Date.now()}`;
  const tenant = await posthorn.makeTenant();
  await posthorn.makeEndpoint(tenant, 'http://127.0.0.1:9/hook', { eventTypes: ['web_catalogue.*'] });
  await openDashboard(page, '/catalogue');
  await page.getByRole('button', { name: 'Register a type' }).click();
  const sheet = page.getByRole('dialog');
  await sheet.getByLabel('Name').fill('no spaces');
  await sheet.getByLabel('Schema of data').fill('{ not JSON');
  await sheet.getByText(/is not JSON/).waitFor();
  await sheet.getByLabel('Schema of data').fill(JSON.stringify(schema({}, ['orderId'])));
  await sheet.getByLabel('Examples of data').fill(JSON.stringify({ orderId: canary('example') }));
  await sheet.getByRole('button', { name: 'Register' }).click();
  await sheet.getByRole('alert').first().waitFor();
  await sheet.getByLabel('Name').fill(name);
  await sheet.getByLabel('Description').fill(canary('description'));
  await sheet.getByRole('button', { name: 'Register' }).click();

  await page.getByRole('heading', { name }).waitFor();
  await page.getByText('This is the first version').waitFor();
  await page.getByRole('button', { name: 'Add a version' }).click();
  await sheet.getByLabel('Schema of data').fill(JSON.stringify(schema({ currency: { enum: ['EUR', 'USD'] } }, ['orderId', 'currency'])));
  await sheet.getByLabel('Examples of data').fill(JSON.stringify({ orderId: '1', currency: 'EUR' }));
  await sheet.getByRole('button', { name: 'Compare with the current version' }).click();
  await sheet.getByText('It breaks producers or consumers.').waitFor();
  await sheet.getByText(/^\d+ endpoints? gets? events of this type/).waitFor();
  expect((await posthorn.get(`/v1/event-types/${name}`)).body.versions).toEqual([1]);
  await sheet.getByRole('button', { name: 'Add version 2' }).click();

  await page.waitForURL(/version=2/);
  const changes = page.getByRole('list').filter({ hasText: 'data/currency' });
  await changes.getByText(/breaks producers/).waitFor();
  const diff = page.getByRole('region', { name: 'Schema of version 1 and 2' });
  expect(await diff.textContent()).toContain('+       "enum": [');
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'event-type');
  const example = page.getByRole('region', { name: 'Example' }).getByText(/canaryRan\('example'\)/);
  await page.getByRole('navigation', { name: 'Versions' }).getByRole('link', { name: '1' }).click();
  await example.waitFor();
  await page.reload();
  await example.waitFor();
  await page.goBack();
  await diff.waitFor();
});

withPage('finds types, changes their settings, and deletes them with their name said', async ({ page, posthorn }) => {
  const name = `web_settings.${Date.now()}`;
  await posthorn.post('/v1/event-types', { name, description: canary('text'), group: 'Web', owner: canary('owner'), tags: ['one'] });
  await openDashboard(page, '/catalogue');
  await page.getByRole('searchbox').fill(name);
  await page.waitForURL(/search=web_settings/);
  const table = page.getByRole('table', { name: 'Event types' });
  await table.getByText(name).waitFor();
  await shoot(page, 'catalogue');
  await page.getByRole('searchbox').fill('nothing has this name');
  await page.getByText('No event type matches').waitFor();
  await page.goto(`/dashboard/catalogue/${name}`);
  await page.getByText('No version yet').waitFor();
  await page.getByRole('button', { name: 'Edit settings' }).click();
  const sheet = page.getByRole('dialog');
  await sheet.getByLabel('Deprecated from').fill('2026-01-02T03:04');
  await sheet.getByLabel('Sunset').fill('2025-01-02T03:04');
  await sheet.getByRole('button', { name: 'Save' }).click();
  await sheet.getByText('must not be earlier than deprecatedAt').first().waitFor();
  await sheet.getByLabel('Sunset').fill('');
  await sheet.getByLabel('Tags').fill('one, two');
  await sheet.getByRole('button', { name: 'Save' }).click();
  await page.getByText('one, two').waitFor();
  expect((await posthorn.get(`/v1/event-types/${name}`)).body).toMatchObject({
    owner: canary('owner'),
    deprecatedAt: '2026-01-02T03:04:00.000Z',
    sunsetAt: null,
    tags: ['one', 'two'],
  });
  await page.getByRole('button', { name: 'Delete' }).click();
  await sheet.getByText('Events and subscriptions stay as they').waitFor();
  await sheet.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('heading', { name: 'Catalogue' }).waitFor();
  expect((await posthorn.get(`/v1/event-types/${name}`)).status).toBe(404);
});
