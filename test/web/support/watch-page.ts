// What a page must never do: break its policy, throw, log an error, ask another origin, run what somebody else wrote.
import type { Page } from 'playwright-core';

export interface Watched {
  /** What the page did that it must not. */
  faults: string[];
  /** From now on these are no faults: a test makes requests fail on purpose. */
  allow(pattern: RegExp): void;
}

/** The name of a function that no page has. A canary calls it: `<img src=x onerror=canaryRan()>`. */
const canaryFunction = 'canaryRan';

/** A text that runs something wherever it is taken for markup, a script or an address. */
export const canary = (name: string) =>
  `${name}"'><img src=x onerror=${canaryFunction}('${name}')><script>${canaryFunction}('${name}')</script>`;

export async function watchPage(page: Page, origin: string): Promise<Watched> {
  const faults: string[] = [];
  // a refusal of the API is no fault: the page shows it
  const allowed = [/^console: Failed to load resource: the server responded with a status of 4\d\d/];
  const fault = (text: string) => {
    if (!allowed.some((pattern) => pattern.test(text))) faults.push(text);
  };
  await page.exposeFunction(canaryFunction, (name: string) => faults.push(`a script ran: ${name}`));
  await page.exposeFunction('policyBroken', (text: string) => fault(`policy: ${text}`));
  await page.addInitScript(`addEventListener('securitypolicyviolation', (event) =>
    policyBroken(event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sourceFile + ':' + event.lineNumber))`);
  page.on('pageerror', (error) => fault(`error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') fault(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'data:' && url.protocol !== 'blob:' && url.origin !== origin) fault(`another origin: ${request.url()}`);
  });
  return { faults, allow: (pattern) => allowed.push(pattern) };
}
