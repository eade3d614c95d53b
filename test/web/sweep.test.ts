// Every page of both doors, as the routers know them: no violation of accessibility in either theme; nothing that is wider
// than a phone, too small to be pressed, or cut off to nothing in a table; and nothing runs of what producers, consumers and receivers wrote.
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { smallTargets, violationsAndSmallTargets } from './support/axe.ts';
import { fillInstallation } from './support/fill.ts';
import { englishIn } from './support/portal-words.ts';
import { addressOf, goTo, routesOf } from './support/routes.ts';
import { canary } from './support/watch-page.ts';
import { openDashboard, withPage } from './support/with-page.ts';

const narrow = { width: 360, height: 740 };
/** Of a tablet, or of a laptop at 200 %. */
const medium = { width: 768, height: 900 };

// text, since tests have no types of browsers
const wide = `document.documentElement.scrollWidth <= ${narrow.width} ? [] : [...document.querySelectorAll('body *')]
  .filter((one) => one.getBoundingClientRect().right > ${narrow.width} + 0.5 && one.closest('.rail, pre') === null)
  .slice(0, 5)
  .map((one) => 'is wider than ${narrow.width} px: ' + one.tagName + '.' + one.className)`;

// text, as above
const cutOff = `[...document.querySelectorAll('[role=cell]')]
  .filter((one) => one.innerText.trim() !== '' && one.clientWidth < 60 && one.scrollWidth > one.clientWidth)
  .slice(0, 5)
  .map((one) => 'is cut off at ' + one.clientWidth + ' px: ' + one.innerText)`;

/** Cells that show next to nothing of their text, where a table has little room. */
async function cutOffCells(page: Page): Promise<string[]> {
  const usual = page.viewportSize() ?? medium;
  await page.setViewportSize(medium);
  const look = () => page.evaluate(cutOff) as Promise<string[]>;
  // tables follow the window a moment later
  await expect
    .poll(look, { timeout: 20_000 })
    .toEqual([])
    .catch(() => undefined);
  const found = await look();
  await page.setViewportSize(usual);
  return found;
}

/** What makes the page scroll sideways on a phone, and what a thumb misses there. */
async function unfitForPhones(page: Page): Promise<string[]> {
  const usual = page.viewportSize() ?? narrow;
  await page.setViewportSize(narrow);
  const look = () => page.evaluate(wide) as Promise<string[]>;
  // charts follow the window a moment later
  await expect
    .poll(look, { timeout: 20_000 })
    .toEqual([])
    .catch(() => undefined);
  const found = [...(await look()), ...(await smallTargets(page))];
  await page.setViewportSize(usual);
  return found;
}

async function sweep(page: Page, params: Record<string, string>): Promise<{ routes: string[]; faults: string[] }> {
  const routes = await routesOf(page);
  const faults: string[] = [];
  for (const route of routes) {
    await goTo(page, addressOf(route, params));
    faults.push(...(await violationsAndSmallTargets(page)).map((fault) => `${route} ${fault}`));
    faults.push(...(await cutOffCells(page)).map((fault) => `${route} ${fault}`));
    faults.push(...(await unfitForPhones(page)).map((fault) => `${route} ${fault}`));
    if ((await page.getByText('This page failed').count()) > 0) faults.push(`${route} failed`);
  }
  return { routes, faults };
}

/** The whole portal again, in German. */
async function englishOnGermanPages(page: Page, params: Record<string, string>): Promise<string[]> {
  await page.getByLabel('Language of this page').selectOption('Deutsch');
  await page.locator('html[lang=de]').waitFor();
  const found: string[] = [];
  for (const route of await routesOf(page)) {
    await goTo(page, addressOf(route, params));
    const look = () => englishIn(page);
    // words of a part may follow its page a moment later
    await expect
      .poll(look, { timeout: 20_000 })
      .toEqual([])
      .catch(() => undefined);
    found.push(...(await look()).map((text) => `${route} ${text}`));
  }
  return found;
}

withPage('every page is accessible, and runs nothing that somebody else wrote', async ({ page, openPage, posthorn }) => {
  const filling = { tenant: 'web-sweep', prefix: 'web_sweep.', text: canary, delivered: 2 };
  const { params, portalUrl, close } = await fillInstallation(posthorn, filling);
  const { page: portal } = await openPage();
  await Promise.all([openDashboard(page, '/'), portal.goto(portalUrl)]);
  await portal.locator('h1').first().waitFor();
  const [operators, consumers] = await Promise.all([sweep(page, params), sweep(portal, params)]);
  expect([...operators.faults, ...consumers.faults]).toEqual([]);
  expect(operators.routes).toContain('/dead-letters');
  expect(consumers.routes).toContain('/deliveries');
  expect(await englishOnGermanPages(portal, params)).toEqual([]);
  await close();
});
