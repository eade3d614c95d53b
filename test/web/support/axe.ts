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
  for (const colorScheme of themes) {
    await page.emulateMedia({ colorScheme });
    found.push(...(await lasting(() => run(page, choices[colorScheme]))).map((line) => `${colorScheme} ${line}`));
  }
  await page.emulateMedia({ colorScheme: null });
  return found;
}

/** What is smaller than 24 px at the present width, and stands too near to something else. The rule is off by default in axe. */
export async function smallTargets(page: Page): Promise<string[]> {
  const before = page.viewportSize();
  const found = await lasting(async () => {
    // all of the page: what a bar covers until somebody scrolls is not small
    const height = (await page.evaluate('document.documentElement.scrollHeight')) as number;
    await page.setViewportSize({ width: before?.width ?? 1280, height });
    return run(page, { ...usual, runOnly: ['target-size'] });
  });
  if (before) await page.setViewportSize(before);
  return found;
}

/** What is found three times: pages read again what they show, also while axe looks. */
async function lasting(look: () => Promise<string[]>): Promise<string[]> {
  let found = await look();
  for (let again = 0; again < 2 && found.length > 0; again++) {
    const seen = await look();
    found = found.filter((line) => seen.includes(line));
  }
  return found;
}

async function run(page: Page, options: object): Promise<string[]> {
  // by the debugger, which the policy of the page does not concern
  if (!(await page.evaluate('"axe" in globalThis'))) await page.evaluate(`${axe.source}; 0`);
  const result = (await page.evaluate(`axe.run(document, ${JSON.stringify(options)})`)) as { violations: Violation[] };
  return result.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${target.join(' ')} ${failureSummary}`),
  );
}
