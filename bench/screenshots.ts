// Makes docs/screenshots: each page of dashboard and portal, at two widths and in both themes, from a real Posthorn that is
// started for it and filled. `npm run screenshots`, or with the beginning of addresses, in both doors or in one:
// `npm run screenshots -- /replays portal/help`.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import type { Api } from '../test/support/api.ts';
import { until } from '../test/support/until.ts';
import { launchChromium } from '../test/web/support/chromium.ts';
import { apiAt, fillInstallation } from '../test/web/support/fill.ts';
import { addressOf, goTo, routesOf } from '../test/web/support/routes.ts';
import { startInstallation } from './screenshots/installation.ts';

const folder = join(import.meta.dirname, '../docs/screenshots');
const widths = { 360: 780, 1280: 800 } as const;
const trickleMs = 240_000;
const wanted = process.argv.slice(2);

/** @example "replays-replay" */
const nameOf = (route: string) => (route === '/' ? 'start' : route.slice(1).replaceAll('/', '-').replaceAll('$', ''));

async function shootAll(page: Page, door: string, params: Record<string, string>): Promise<void> {
  for (const route of await routesOf(page)) {
    if (wanted.length > 0 && !wanted.some((beginning) => route.startsWith(beginning) || `${door}${route}`.startsWith(beginning))) continue;
    await goTo(page, addressOf(route, params));
    for (const [width, height] of Object.entries(widths)) {
      await page.setViewportSize({ width: Number(width), height });
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await page.screenshot({ path: join(folder, door, `${nameOf(route)}-${width}-${colorScheme}.png`), animations: 'disabled' });
      }
    }
    process.stdout.write(`${door} ${route}\n`);
  }
}

/** Some minutes of events, so that charts have something to show. */
async function trickle(api: Api, url: string): Promise<void> {
  await api.makeEndpoint('acme', url, { eventTypes: ['shipment.*'], description: 'shipments' });
  const endMs = Date.now() + trickleMs;
  for (let n = 0; Date.now() < endMs; n++) {
    const posts = Array.from({ length: 1 + (n % 7) }, (_, one) =>
      api.postEvent('acme', { type: 'shipment.sent', data: { id: `S-${n}-${one}` } }),
    );
    await Promise.all(posts);
    await pause(1_000);
  }
}

if (wanted.length === 0) rmSync(folder, { recursive: true, force: true });
const installation = await startInstallation();
const browser = await launchChromium();
try {
  const api = apiAt(installation.origin, installation.key);
  const filled = await fillInstallation(api, { tenant: 'acme', prefix: '', text: (what) => what, delivered: 60 });
  if (wanted.length === 0) await trickle(api, `${installation.origin}/sandbox/shipments`);
  // counted once a minute
  await until('the statistics', async () => (await api.get('/v1/stats?window=1h')).body.totals.delivered > 0, 180_000);
  const open = async (url: string) => {
    const page = await (await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Berlin' })).newPage();
    await page.goto(url);
    return page;
  };
  const dashboard = await open(`${installation.origin}/dashboard`);
  await dashboard.getByLabel('API key').fill(installation.key);
  await dashboard.getByRole('button', { name: 'Sign in' }).click();
  await dashboard.getByRole('navigation', { name: 'Pages' }).waitFor();
  await shootAll(dashboard, 'dashboard', filled.params);
  const portal = await open(filled.portalUrl);
  await portal.getByRole('navigation', { name: 'Pages' }).waitFor();
  await shootAll(portal, 'portal', filled.params);
  await filled.close();
} finally {
  await browser.close();
  await installation.stop();
}
