// Body and signature of an endpoint in the dashboard: a message for a chat with its preview, signing schemes, pinned versions.
import { expect } from 'vitest';
import { violations } from './support/axe.ts';
import { shoot } from './support/screenshot.ts';
import { openDashboard, withPage } from './support/with-page.ts';

withPage('transform, signature and versions are chosen in fields, and can be written as JSON', async ({ page, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const type = 'web_body.order.created';
  const schema = { type: 'object', properties: { id: { type: 'string' } } };
  await posthorn.post('/v1/event-types', { name: type, schema, examples: [{ id: 'A-1' }] });
  const second = { schema: { ...schema, properties: { ...schema.properties, note: {} } }, examples: [{ id: 'A-1' }] };
  expect((await posthorn.post(`/v1/event-types/${type}/versions`, second)).status).toBe(201);
  const settings = { eventTypes: [type], transform: { template: { n: 1 } } };
  const { id } = await posthorn.makeEndpoint(tenant, 'http://127.0.0.1:9/body', settings);
  await openDashboard(page, `/endpoints/${id}/settings`);
  // a template has no fields: its JSON, and the body that it makes
  await page.getByLabel('Transform as JSON').fill('{ "template": { "order": "{{data.id}}" } }');
  await page.getByRole('region', { name: 'Body' }).getByText('"A-1"').waitFor();
  // it is still being typed while it is empty, and is there again after another choice
  const [madeFor, text] = [page.getByLabel('Body format for'), page.getByLabel('Transform as JSON')];
  await text.fill('');
  await text.fill('{ "template": { "order": "{{data.id}}", "typed": true } }');
  await madeFor.selectOption('Slack');
  await page.getByLabel('Heading').fill('Order {{data.id}}');
  await madeFor.selectOption('A template of your own (JSON)');
  expect(await text.inputValue()).toContain('"typed": true');
  await madeFor.selectOption('Slack');
  await page.getByText('Order A-1').waitFor();
  await page.getByLabel('Pin a type').selectOption(type);
  await page.getByLabel(type, { exact: true }).waitFor();
  await page.getByLabel('An HMAC signature that the receiver knows already').check();
  await page.getByLabel('As', { exact: true }).selectOption('GitHub');
  expect(await page.getByLabel('Header', { exact: true }).inputValue()).toBe('X-Hub-Signature-256');
  await page.getByLabel('HTTP Message Signatures (RFC 9421)').check();
  expect(await violations(page)).toEqual([]);
  await page.getByLabel(type, { exact: true }).scrollIntoViewIfNeeded();
  await shoot(page, 'endpoint-body');
  await page.getByRole('button', { name: 'Edit the signature as JSON' }).click();
  expect(JSON.parse(await page.getByLabel('Signature as JSON').inputValue())).toMatchObject({
    messageSignatures: { algorithm: 'ed25519' },
  });
  await page.getByRole('button', { name: 'Edit the signature in fields' }).click();
  await page.getByLabel('HTTP Message Signatures (RFC 9421)').uncheck();
  await page.getByRole('button', { name: 'Save 3 changes' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.or(page.getByText('The settings are in force.')).first().waitFor();
  if ((await dialog.count()) > 0) await dialog.getByRole('button', { name: 'Save 3 changes' }).click();
  await page.getByText('The settings are in force.').waitFor();
  expect((await posthorn.get(`/v1/endpoints/${id}`)).body).toMatchObject({
    transform: { preset: 'slack', title: 'Order {{data.id}}' },
    versions: { [type]: 2 },
    signing: { schemes: ['v1'], custom: { header: 'X-Hub-Signature-256', prefix: 'sha256=', signed: '{body}' } },
  });
});
