// Accessibility of a page as axe sees it, in light and dark.

import axe from 'axe-core';
import type { Page } from 'playwright-core';

interface Violation {
  id: string;
  help: string;
  nodes: { target: string[]; failureSummary: string }[];
}

const themes = ['light', 'dark'] as const;
/** What another theme can change: all other rules read the same document twice. */
const rulesOfColours = ['color-contrast', 'link-in-text-block'];
// a frame of another site has no axe that could answer
const usual = { resultTypes: ['violations'], preload: false, iframes: false };
const choices = { light: usual, dark: { ...usual, runOnly: rulesOfColours } };

/** Each violation as a line: of all rules in light, of those about colours in dark, too. */
export async function violations(page: Page): Promise<string[]> {
  const found: string[] = [];
  // by the debugger, which the policy of the page does not concern
  if (!(await page.evaluate('"axe" in globalThis'))) await page.evaluate(`${axe.source}; 0`);
  for (const colorScheme of themes) {
    await page.emulateMedia({ colorScheme });
    const result = (await page.evaluate(`axe.run(document, ${JSON.stringify(choices[colorScheme])})`)) as { violations: Violation[] };
    for (const { id, help, nodes } of result.violations) {
      found.push(...nodes.map(({ target, failureSummary }) => `${colorScheme} ${id}: ${help}: ${target.join(' ')} ${failureSummary}`));
    }
  }
  await page.emulateMedia({ colorScheme: null });
  return found;
}
