// `node bench/overview.ts [--rows n] [--loads n]`: how long the overview of the dashboard takes from the request to figures that can
// be used, in a real Chromium with an empty cache, and how much JavaScript travels. Ends with exit code 1 if the middle of all loads
// takes longer than a second.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { launchChromium } from '../test/web/support/chromium.ts';
import { timesOf } from './figures.ts';
import { say, withFilledStore } from './filled-store.ts';
import { benchKey } from './posthorn.ts';

const limitMs = 1_000;
const { values } = parseArgs({
  options: { rows: { type: 'string', default: '100000' }, loads: { type: 'string', default: '15' }, keep: { type: 'string' } },
});

/** Milliseconds from the start of the load until the sentence and the figures are shown; KiB of scripts, as they travelled. */
interface Load {
  usableMs: number;
  scriptKib: number;
}

const noteWhenUsable = `(() => {
  const look = () => {
    const verdict = document.querySelector('.verdict')?.textContent;
    if (verdict && document.querySelector('.figures')) window.usableMs = performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})()`;

/** Not `waitForFunction`, which evaluates text in the page: its policy forbids that. */
async function usable(page: Page): Promise<void> {
  await page.locator('.figures').waitFor();
  while (!(await page.evaluate('window.usableMs'))) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function load(page: Page): Promise<Load> {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.clearBrowserCache');
  await session.detach();
  await page.reload();
  await usable(page);
  return page.evaluate(`({
    usableMs: window.usableMs,
    scriptKib: performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('.js')).reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0) / 1024,
  })`);
}

async function measure(origin: string): Promise<void> {
  const browser = await launchChromium();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    await page.addInitScript(noteWhenUsable);
    await page.goto(`${origin}/dashboard`);
    await page.getByLabel('API key').fill(benchKey);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await usable(page);
    const loads: Load[] = [];
    for (let n = 0; n < Number(values.loads); n++) loads.push(await load(page));
    const { p50, max } = timesOf(loads.map(({ usableMs }) => usableMs));
    say(`overview usable after ${p50.toFixed(0)} ms (half of ${loads.length} loads), at most ${max.toFixed(0)} ms`);
    say(`JavaScript of a load, charts included: ${Math.max(...loads.map(({ scriptKib }) => scriptKib)).toFixed(1)} KiB as sent`);
    if (p50 > limitMs) process.exitCode = 1;
  } finally {
    await browser.close();
  }
}

execFileSync(process.execPath, [join(import.meta.dirname, '../bin/web.mjs')], { stdio: 'inherit' });
await withFilledStore({ rows: Number(values.rows), days: 30 }, values.keep, async ({ startServer }) => {
  const { origin } = await startServer();
  await measure(origin);
});
