// An order that gets no answer, however often it is repeated, while Posthorn answers everything else: such as behind a proxy that
// refuses what is sent to it.
import { expect } from 'vitest';
import { openPortal } from './support/open-portal.ts';
import { withPage } from './support/with-page.ts';

const url = 'https://unanswered.example.com/hooks';

withPage('an order without an answer may have been obeyed, and the page says so', async ({ openPage, posthorn }) => {
  const tenant = await posthorn.makeTenant(`web-unanswered-${Date.now()}`);
  const { page, watched } = await openPage();
  // refused on purpose
  watched.allow(/Failed to load resource|net::ERR_/);
  await openPortal(posthorn, page, tenant, '/endpoints/new');
  await page.getByLabel('Address (URL)').fill(url);
  await page.route(/\/endpoints$/, (route) => (route.request().method() === 'POST' ? route.abort() : route.continue()));
  await page.getByRole('button', { name: 'Add endpoint' }).click();
  await page.getByText('Posthorn did not answer, so this may have been done or not.').waitFor();
  expect(await page.getByLabel('Address (URL)').inputValue()).toBe(url);
});
