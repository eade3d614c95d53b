// Posthorn was upgraded under an open page: the files of the page are gone.
import { expect } from 'vitest';
import { openDashboard, withPage } from './support/with-page.ts';

withPage('what was typed outlives a part that is gone, and a page that is gone is loaded again', async ({ openPage, posthorn }) => {
  const { page, watched } = await openPage();
  const tenant = await posthorn.makeTenant();
  await openDashboard(page, `/tenants/${tenant}`);
  const name = page.getByLabel('Name', { exact: true });
  await name.fill('typed before');
  let isGone = true;
  await page.route(/\/assets\/(DialogSheet|InstallationStatus)/, (route) => (isGone ? route.fulfill({ status: 404 }) : route.continue()));
  await page.getByRole('button', { name: 'Delete' }).click();
  const bar = page.getByRole('alert').filter({ hasText: 'Posthorn was updated.' });
  await bar.waitFor();
  expect(await name.inputValue()).toBe('typed before');
  isGone = false;
  await bar.getByRole('button', { name: 'Reload' }).click();
  await bar.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  isGone = true;
  // the page may be drawn once more before the browser leaves it
  watched.allow(/Failed to fetch dynamically imported module/);
  page.on('request', (request) => {
    if (request.isNavigationRequest()) isGone = false;
  });
  await page.getByRole('link', { name: 'Status', exact: true }).click();
  await expect.poll(() => isGone).toBe(false);
  await page.waitForURL('**/dashboard/status');
  await page.getByRole('heading', { name: 'Status', level: 1 }).waitFor();
  await page.locator('.skeleton').waitFor({ state: 'detached' });
});
