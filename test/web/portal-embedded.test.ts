// The portal inside the page of another site, which is the example with <PosthornPortal>: the looks of the page, new tokens, the
// height; and what pages can do that are not allowed.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { violations } from './support/axe.ts';
import { startPortalHost } from './support/portal-host.ts';
import { withPage } from './support/with-page.ts';

/** A site that serves one page. */
async function startSite(html: string): Promise<string> {
  const server = createServer((_request, response) => void response.setHeader('content-type', 'text/html').end(html));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

withPage('is shown by its component, in the looks of the page, and gets a new token when its link ends', async ({ openPage, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const host = await startPortalHost(posthorn.origin, tenant);
  onTestFinished(() => host.close());
  const { page, watched } = await openPage({ origin: host.origin });
  watched.allow(new RegExp(`another origin: ${posthorn.origin}/`));
  watched.allow(/favicon|401/);
  await page.goto(host.origin);
  const portal = page.frameLocator('iframe');
  await portal.getByRole('heading', { name: 'Deliveries', exact: true }).waitFor();
  const frame = page.frames()[1];
  expect(frame?.url()).toMatch(new RegExp(`^${posthorn.origin}/portal/lnk_[0-9a-f]{32}/deliveries$`));
  await page.getByRole('button', { name: 'Deutsch' }).click();
  await portal.getByRole('heading', { name: 'Zustellungen', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Dark' }).click();
  await portal.locator(':root[data-theme="dark"]').waitFor();
  await page.getByRole('button', { name: 'English' }).click();
  await portal.getByRole('heading', { name: 'Deliveries', exact: true }).waitFor();
  // as high as its content, which is less than the least
  await expect.poll(() => page.locator('iframe').evaluate((one: { clientHeight: number }) => one.clientHeight)).toBe(400);
  expect(await violations(page)).toEqual([]);

  const linksOf = async () =>
    (await posthorn.get(`/v1/portal-links?tenant=${tenant}`)).body.data as { id: string; revokedAt: string | null }[];
  const [first] = await linksOf();
  expect((await posthorn.call('DELETE', `/v1/portal-links/${first?.id}`)).status).toBe(204);
  // the next request is refused, and made again with the token of the new link
  await portal.getByRole('link', { name: 'Health' }).click();
  await expect.poll(async () => (await linksOf()).filter(({ revokedAt }) => revokedAt === null).length).toBe(1);
  await portal.getByRole('dialog').waitFor({ state: 'detached' });
  await portal.getByRole('heading', { name: 'Nothing was sent in this time span' }).waitFor();
});

withPage('is not shown on a site that its link does not name, nor on any site without a name', async ({ openPage, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const links = await Promise.all(
    [{ origins: ['https://app.example.com'] }, {}].map(async (more) => (await posthorn.post('/v1/portal-links', { tenant, ...more })).body),
  );
  for (const { url } of links) {
    const origin = await startSite(`<!doctype html><title>evil</title><iframe src="${url}"></iframe>`);
    const { page, watched } = await openPage({ origin });
    watched.allow(/another origin|frame-ancestors|Framing|favicon|404/);
    const refused = page.waitForEvent('console', (message) => message.text().includes('frame-ancestors'));
    await page.goto(origin);
    await refused;
    expect(await page.frameLocator('iframe').getByRole('heading').count()).toBe(0);
  }
  const answers = await Promise.all(
    ['/portal', '/portal/deliveries', `/portal/${links[1].id}`, `/portal/${links[0].id}`, `/portal/${links[0].id}/deliveries`].map((path) =>
      fetch(`${posthorn.origin}${path}`),
    ),
  );
  const policyOf = ({ headers }: Response) => /frame-ancestors [^;]*/.exec(headers.get('content-security-policy') ?? '')?.[0];
  const [none, framed] = ["frame-ancestors 'none'", 'frame-ancestors https://app.example.com'];
  expect(answers.map(policyOf)).toEqual([none, none, none, framed, framed]);
  expect(answers.map(({ headers }) => headers.get('x-frame-options'))).toEqual(['DENY', 'DENY', 'DENY', null, null]);
  expect(answers.map(({ headers }) => headers.get('referrer-policy'))).toEqual(answers.map(() => 'no-referrer'));
});

withPage('takes no token and no looks from a window that is not the page around it', async ({ openPage, posthorn }) => {
  const [ours, theirs] = [await posthorn.makeTenant(), await posthorn.makeTenant()];
  const host = await startPortalHost(posthorn.origin, ours);
  onTestFinished(() => host.close());
  const stolen = (await posthorn.post('/v1/portal-links', { tenant: theirs })).body.token;
  const attack = `for (const posthorn of ['hello', 'look', 'token', 'no-token'])
    parent.frames[0].postMessage({ posthorn, token: ${JSON.stringify(stolen)}, mode: 'dark', language: 'de' }, '*')`;
  const evil = await startSite(`<!doctype html><script>onmessage = () => { ${attack}; parent.postMessage('done', '*') }</script>`);
  const { page, watched } = await openPage({ origin: host.origin });
  watched.allow(/another origin|favicon|404/);
  await page.goto(host.origin);
  const portal = page.frameLocator('iframe').first();
  await portal.getByRole('heading', { name: 'Deliveries', exact: true }).waitFor();
  await page.evaluate(`new Promise((resolve) => {
    const frame = document.createElement('iframe');
    frame.src = ${JSON.stringify(evil)};
    frame.onload = () => frame.contentWindow.postMessage('go', '*');
    addEventListener('message', ({ data }) => data === 'done' && resolve());
    document.body.append(frame);
  })`);
  await page.getByRole('button', { name: 'Dark' }).click();
  await portal.locator(':root[data-theme="dark"]').waitFor();
  expect(await portal.getByText(ours).count()).toBe(1);
  expect(await portal.getByRole('heading', { name: 'Deliveries', exact: true }).count()).toBe(1);
});
