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
  // without one the portal begins elsewhere
  await posthorn.makeEndpoint(tenant, 'http://127.0.0.1:9/embedded');
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

  // the page chooses the language, so the user cannot
  expect(await portal.getByRole('combobox', { name: 'Language of this page' }).count()).toBe(0);

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
  await portal.getByRole('heading', { name: 'Endpoints', exact: true }).waitFor();
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
  expect(await portal.getByRole('heading', { name: 'Endpoints', exact: true }).count()).toBe(1);
});

/** Shows a portal, and always gives the same token. */
const stubborn = `<!doctype html><title>stubborn</title><iframe></iframe><script>
  let asked = 0;
  const frame = document.querySelector('iframe');
  const say = (message) => frame.contentWindow.postMessage(message, new URL(frame.src).origin);
  function show(url, token) {
    addEventListener('message', ({ data }) => data.posthorn === 'token-needed' && ++asked && say({ posthorn: 'token', token }));
    frame.onload = () => say({ posthorn: 'hello' });
    frame.src = url;
  }
</script>`;

withPage('asks a page once that gives a link that has ended, and keeps a link that is still valid', async ({ openPage, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  // without one the portal begins elsewhere
  await posthorn.makeEndpoint(tenant, 'http://127.0.0.1:9/embedded');
  const origin = await startSite(stubborn);
  const [ended, valid] = await Promise.all(
    [1, 2].map(async () => (await posthorn.post('/v1/portal-links', { tenant, origins: [origin], language: 'en' })).body),
  );
  await posthorn.call('DELETE', `/v1/portal-links/${ended.id}`);
  const [{ page, watched }, { page: other, watched: otherWatched }] = [await openPage({ origin }), await openPage({ origin })];
  for (const one of [watched, otherWatched]) one.allow(/another origin|favicon|401/);
  await page.goto(origin);
  await page.evaluate(`show(${JSON.stringify(ended.url)}, ${JSON.stringify(ended.token)})`);
  const again = page.frameLocator('iframe').getByRole('button', { name: 'Ask again' });
  await again.waitFor();
  expect(await page.evaluate('asked')).toBe(1);
  await again.click();
  await expect.poll(() => page.evaluate('asked')).toBe(2);
  await again.waitFor();

  await other.goto(origin);
  await other.evaluate(`show(${JSON.stringify(valid.url)}, '')`);
  const portal = other.frameLocator('iframe');
  await portal.getByRole('heading', { name: 'Deliveries', exact: true }).waitFor();
  const refused = other.waitForResponse((response) => response.status() === 401);
  await other.evaluate(`say({ posthorn: 'token', token: ${JSON.stringify(ended.token)} })`);
  await refused;
  await portal.getByRole('link', { name: 'Health' }).click();
  await portal.getByRole('heading', { name: 'Nothing was sent in this time span' }).waitFor();
  expect(await portal.getByRole('dialog').count()).toBe(0);
  expect(await other.evaluate('asked')).toBe(0);
});
