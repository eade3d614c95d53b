// What a page shows only because the stream tells of it must not change before the page reads the stream.
import type { Page } from 'playwright-core';

/** Resolves when the page that is opened next reads the stream. */
export async function openedStream(page: Page): Promise<void> {
  await page.waitForResponse((response) => response.headers()['content-type']?.startsWith('text/event-stream') === true);
}
