// What somebody hears and where the focus is when another page is shown, and that Back returns to the place in a list.
import { expect } from 'vitest';
import { inTens } from '../support/in-tens.ts';
import { openPortal } from './support/open-portal.ts';
import { tabTo } from './support/tab-to.ts';
import { openDashboard, withPage } from './support/with-page.ts';

withPage('the heading of a page gets the focus when the page was opened, and filters and tabs keep it', async ({ page, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const { id } = await posthorn.makeEndpoint(tenant, 'http://127.0.0.1:9/page-change');
  await openDashboard(page, '/tenants');
  await tabTo(page, page.getByRole('link', { name: 'Endpoints', exact: true }));
  await page.keyboard.press('Enter');
  const heading = (name: string) => page.locator('h1:focus', { hasText: name });
  await heading('Endpoints').waitFor();
  expect(await page.title()).toBe('Endpoints · Posthorn');
  // a filter is the same page
  const state = page.getByRole('checkbox', { name: 'Paused' });
  await state.focus();
  await page.keyboard.press('Space');
  await page.waitForURL('**/endpoints?condition=paused');
  expect(await state.evaluate((one: { matches(selector: string): boolean }) => one.matches(':focus'))).toBe(true);
  // the palette gives the focus to the page that it opened, not to where it was before
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Id, name, page or command' }).fill(id);
  await page.getByRole('option', { name: /endpoint of/ }).waitFor();
  await page.keyboard.press('Enter');
  await heading('127.0.0.1:9/page-change').waitFor();
  // a tab is still there, so it keeps the focus, and the title is read aloud
  const tab = page.getByRole('link', { name: 'Settings', exact: true });
  await tabTo(page, tab);
  await page.keyboard.press('Enter');
  await page.locator('[aria-live]').filter({ hasText: 'Settings · http://127.0.0.1:9/page-change · Posthorn' }).waitFor();
  await page.getByRole('heading', { name: 'Destination' }).waitFor();
  expect(await tab.evaluate((one: { matches(selector: string): boolean }) => one.matches(':focus'))).toBe(true);
});

withPage('a sheet returns the focus to its row, and Back returns to the place in the list', async ({ page, openPage, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  await inTens(40, (n) => posthorn.makeEndpoint(tenant, `http://127.0.0.1:9/many/${n}`));
  await openDashboard(page, `/endpoints?tenant=${tenant}`);
  await page.getByRole('link', { name: '/many/' }).first().waitFor();
  const scrolled = () => page.evaluate('scrollY') as Promise<number>;
  await page.evaluate('scrollTo(0, 500)');
  await expect.poll(scrolled).toBe(500);
  const link = page.getByRole('row').nth(20).getByRole('link').first();
  const opened = await link.getAttribute('href');
  await link.click();
  await page.locator('h1:focus', { hasText: '127.0.0.1:9/many/' }).waitFor();
  expect(await scrolled()).toBe(0);
  await page.goBack();
  // the row that was opened, at its place
  await page.locator(`a:focus[href="${opened}"]`).waitFor();
  await expect.poll(scrolled).toBe(500);
  // also where rows are lines of different heights
  const { page: phone } = await openPage({ width: 360, height: 700 });
  await openDashboard(phone, `/endpoints?tenant=${tenant}`);
  await phone.getByRole('link', { name: '/many/' }).first().waitFor();
  await expect.poll(() => phone.evaluate('scrollBy(0, 400), scrollY') as Promise<number>).toBeGreaterThan(1_200);
  const inMiddle = () => phone.evaluate('document.elementFromPoint(180, 350)?.closest("[data-row]")?.dataset.row');
  await expect.poll(inMiddle).toBeTruthy();
  const [place, row] = [await phone.evaluate('scrollY'), await inMiddle()];
  await phone.locator(`[data-row="${row}"] .row-link`).focus();
  await phone.keyboard.press('Enter');
  await phone.locator('h1:focus', { hasText: '127.0.0.1:9/many/' }).waitFor();
  // the page's own way back is the same, with the filter
  await phone.getByRole('link', { name: '← Endpoints' }).click();
  await phone.waitForURL(`**/endpoints?tenant=${tenant}`);
  await phone.locator(`[data-row="${row}"] .row-link:focus`).waitFor();
  await expect.poll(() => phone.evaluate('scrollY')).toBe(place);
  // what is typed is applied while more is typed
  const search = phone.getByRole('searchbox', { name: 'Search endpoints' });
  await search.pressSequentially('many ');
  await phone.waitForURL('**search=many');
  await search.pressSequentially('1');
  await phone.waitForURL(/search=many.+1$/);
  expect(await search.inputValue()).toBe('many 1');
  await page.goto('/dashboard/audit');
  const entry = page.getByRole('button', { name: /^Entry \d+/ }).first();
  await entry.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await expect.poll(() => entry.evaluate((one: { matches(selector: string): boolean }) => one.matches(':focus'))).toBe(true);
});

withPage(
  'the portal opens with its endpoints while there are none, and moves the focus as the dashboard does',
  async ({ page, posthorn }) => {
    const tenant = await posthorn.makeTenant();
    await openPortal(posthorn, page, tenant);
    await page.getByRole('heading', { name: 'Endpoints', level: 1 }).waitFor();
    // nobody asked for this page: the focus is where the browser puts it, also in a page of somebody else
    expect(await page.locator('h1:focus').count()).toBe(0);
    await tabTo(page, page.getByRole('link', { name: 'Health' }));
    await page.keyboard.press('Enter');
    await page.locator('h1:focus', { hasText: 'Health' }).waitFor();
    await posthorn.makeEndpoint(tenant, 'http://127.0.0.1:9/first');
    await page.goto('/portal/');
    await page.getByRole('heading', { name: 'Deliveries', level: 1 }).waitFor();
  },
);
