// Accessibility of a page as axe sees it, in light and dark.

import axe from 'axe-core';
import type { Page } from 'playwright-core';

interface Violation {
  id: string;
  help: string;
  nodes: { target: string[]; failureSummary: string }[];
}

/** What another theme can change: all other rules read the same document twice. */
const rulesOfColours = ['color-contrast', 'link-in-text-block'];
// a frame of another site has no axe that could answer
const usual = { resultTypes: ['violations'], preload: false, iframes: false };
const inDark = { ...usual, runOnly: rulesOfColours };
/** The rule is off by default in axe. */
const withSmall = { ...usual, rules: { 'target-size': { enabled: true } } };
const onlySmall = { ...usual, runOnly: ['target-size'] };

/** Each violation as a line: of all rules in light, of those about colours in dark, too. */
export const violations = (page: Page): Promise<string[]> => inBothThemes(page, () => run(page, usual));

/** What is smaller than 24 px at the present width, and stands too near to something else. */
export const smallTargets = (page: Page): Promise<string[]> => lasting(() => run(page, onlySmall, true));

/** Both of the above, for little more than the first. */
export const violationsAndSmallTargets = (page: Page): Promise<string[]> => inBothThemes(page, () => run(page, withSmall, true));

async function inBothThemes(page: Page, lookInLight: () => Promise<string[]>): Promise<string[]> {
  await page.emulateMedia({ colorScheme: 'light' });
  const light = await lasting(lookInLight);
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await lasting(() => run(page, inDark));
  await page.emulateMedia({ colorScheme: null });
  return [...light.map((line) => `light ${line}`), ...dark.map((line) => `dark ${line}`)];
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

/** `isWhole`: with all of the page in the window. What a bar covers until somebody scrolls is not small. */
async function run(page: Page, options: object, isWhole = false): Promise<string[]> {
  const before = page.viewportSize();
  if (isWhole && before) {
    const height = (await page.evaluate('document.documentElement.scrollHeight')) as number;
    await page.setViewportSize({ width: before.width, height });
  }
  // by the debugger, which the policy of the page does not concern
  if (!(await page.evaluate('"axe" in globalThis'))) await page.evaluate(`${axe.source}; 0`);
  const result = (await page.evaluate(`axe.run(document, ${JSON.stringify(options)})`)) as { violations: Violation[] };
  if (isWhole && before) await page.setViewportSize(before);
  return result.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${target.join(' ')} ${failureSummary}`),
  );
}
