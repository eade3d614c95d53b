// Pages wait for seconds before they try again or give up. A test that has installed the clock of its page
// (`page.clock.install()`) lets these pass.
import type { Page } from 'playwright-core';
import { until } from '../../support/until.ts';

/** A second of the page lasts so long: what is asked has time to be answered before the page gives it up. */
const secondMs = 250;

/** The time of the page runs ahead until this holds. */
export async function passTimeUntil(page: Page, what: string, holds: () => Promise<boolean>): Promise<void> {
  await until(what, async () => {
    if (await holds()) return true;
    await page.clock.fastForward(1_000);
    return until(what, holds, secondMs).catch(() => false);
  });
}
