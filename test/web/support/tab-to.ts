// Goes to an element as somebody without a mouse does.
import type { Locator, Page } from 'playwright-core';

/** What is used of the types of browsers, which the tests do not have. */
interface FocusedElement {
  parentElement: FocusedElement | null;
  matches(selector: string): boolean;
}
interface BrowserGlobals {
  getComputedStyle(element: FocusedElement): { outlineStyle: string; outlineWidth: string };
}

const most = 200;

/** Presses Tab until the element has the focus, and fails if it never gets it, or if the focus cannot be seen. */
export async function tabTo(page: Page, element: Locator): Promise<void> {
  await element.waitFor();
  for (let presses = 0; presses < most; presses++) {
    await page.keyboard.press('Tab');
    const isThere = await element.evaluate((one: FocusedElement) => one.matches(':focus'));
    if (isThere) return expectVisibleFocus(element);
  }
  throw new Error(`${element} was not reached with ${most} presses of Tab`);
}

/** An outline on the element, or on something around it. */
async function expectVisibleFocus(element: Locator): Promise<void> {
  const hasOutline = await element.evaluate((one: FocusedElement) => {
    const { getComputedStyle } = globalThis as unknown as BrowserGlobals;
    for (let at: FocusedElement | null = one; at; at = at.parentElement) {
      const { outlineStyle, outlineWidth } = getComputedStyle(at);
      if (outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2) return true;
    }
    return false;
  });
  if (!hasOutline) throw new Error(`the focus on ${element} cannot be seen`);
}
