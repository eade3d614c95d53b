// The addresses of a door, as its router knows them, and the way to each without a new load of the page.
import type { Page } from 'playwright-core';
import { until } from '../../support/until.ts';

/** Those that lead elsewhere, or need what only another site sends. */
const notPages = ['/signed-in'];

/** @example ['/', '/deliveries', '/replays/$replay'] */
export async function routesOf(page: Page): Promise<string[]> {
  const paths = (await page.evaluate('Object.keys(__TSR_ROUTER__.routesByPath)')) as string[];
  return [...new Set(paths.map((path) => (path === '/' ? path : path.replace(/\/$/, ''))))]
    .filter((path) => !notPages.includes(path))
    .sort();
}

/** Throws for a parameter without an example: add one in fill.ts. */
export function addressOf(path: string, params: Record<string, string>): string {
  return path.replaceAll(/\$(\w+)/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined) throw new Error(`no example of $${name} in test/web/support/fill.ts, for ${path}`);
    return encodeURIComponent(value);
  });
}

/** Resolves when the page shows its data. */
export async function goTo(page: Page, address: string): Promise<void> {
  await page.evaluate(`__TSR_ROUTER__.navigate({ href: __TSR_ROUTER__.basepath + ${JSON.stringify(address)} })`);
  await page.locator('h1').first().waitFor();
  // not waitForFunction, which evaluates in the page what its policy forbids
  await until('the data', () => page.evaluate('__TSR_ROUTER__.state.status === "idle" && document.querySelector(".skeleton") === null'));
}
