// Accessibility of a page as axe sees it, in light and dark.

import axe from 'axe-core';
import type { Page } from 'playwright-core';

interface Violation {
  id: string;
  help: string;
  nodes: { target: string[]; failureSummary: string }[];
}

/** Each violation as a line, in both themes. */
export async function violations(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    // by the debugger, which the policy of the page does not concern
    const result = (await page.evaluate(`(() => { ${axe.source}; return axe.run(document, { resultTypes: ['violations'] }) })()`)) as {
      violations: Violation[];
    };
    for (const { id, help, nodes } of result.violations) {
      found.push(...nodes.map(({ target, failureSummary }) => `${colorScheme} ${id}: ${help}: ${target.join(' ')} ${failureSummary}`));
    }
  }
  await page.emulateMedia({ colorScheme: null });
  return found;
}
