// Tests of the pages: the Posthorn that all files of a worker share, one Chromium for them, a fresh tab for each test.
import type { BrowserContext, Page } from 'playwright-core';
import { expect } from 'vitest';
import { testApiKey } from '../../support/posthorn.ts';
import { shareInProcess } from '../../support/share-in-process.ts';
import { withPosthorn } from '../../support/shared-posthorn.ts';
import { launchChromium } from './chromium.ts';
import { type Watched, watchPage } from './watch-page.ts';

/** Longer than pages take to read by themselves what the stream has not told them. */
const patienceMs = 150_000;

async function startBrowser() {
  const browser = await launchChromium();
  return { value: browser, stop: () => browser.close() };
}

// biome-ignore lint/correctness/noEmptyPattern: Vitest reads from the pattern which fixtures are needed
const withBrowser = withPosthorn.extend('browser', { scope: 'worker' }, async ({}, { onCleanup }) => {
  const { value: browser, release } = await shareInProcess('browser', startBrowser);
  onCleanup(release);
  return browser;
});

/**
 * `page`: an empty tab, watched: the test fails if the page breaks its policy, throws, logs an error or asks another origin.
 * `watched.allow` makes exceptions. `openPage`: one more tab, with a storage of its own.
 */
export const withPage = withBrowser
  .extend('openPage', async ({ browser, posthorn }, { onCleanup }) => {
    const contexts: BrowserContext[] = [];
    const all: Watched[] = [];
    onCleanup(async () => {
      await Promise.all(contexts.map((context) => context.close()));
      expect(all.flatMap(({ faults }) => faults)).toEqual([]);
    });
    return async (options: { width?: number; height?: number; origin?: string } = {}): Promise<{ page: Page; watched: Watched }> => {
      const { width = 1280, height = 800, origin = posthorn.origin } = options;
      const context = await browser.newContext({
        baseURL: origin,
        viewport: { width, height },
        locale: 'en-GB',
        timezoneId: 'Europe/Berlin',
        // no test waits for a transition
        reducedMotion: 'reduce',
      });
      contexts.push(context);
      const page = await context.newPage();
      page.setDefaultTimeout(patienceMs);
      const watched = await watchPage(page, origin);
      all.push(watched);
      return { page, watched };
    };
  })
  .extend('page', async ({ openPage }) => (await openPage()).page);

/** Opens a page of the dashboard, signed in with the bootstrap key. */
export async function openDashboard(page: Page, path: string, key = testApiKey): Promise<void> {
  await page.goto(`/dashboard${path}`);
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Pages' }).waitFor();
}
