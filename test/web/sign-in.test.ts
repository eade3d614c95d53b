// Sign-in in a real browser, with a key and through a real OpenID Connect provider; attacks on it; a session that ends.
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { type Provider, startProvider } from '../support/oidc.ts';
import { startPosthorn, type TestPosthorn, testApiKey } from '../support/posthorn.ts';
import { testTimings } from '../support/quick-timings.ts';
import { violations } from './support/axe.ts';
import { passTimeUntil } from './support/pass-time.ts';
import { shoot } from './support/screenshot.ts';
import { canary } from './support/watch-page.ts';
import { withPage } from './support/with-page.ts';

let provider: Provider;
let own: TestPosthorn;

beforeAll(async () => {
  provider = await startProvider({
    ada: { email: 'ada@example.com', email_verified: true, groups: ['platform'] },
    bob: { name: canary('name'), groups: ['on-call'] },
    vera: { name: 'Vera', groups: ['staff'] },
    mallory: { name: 'Mallory', groups: ['nobody'] },
  });
  own = await startPosthorn({
    namespace: 't118',
    timings: { ...testTimings, stream: { checkEveryMs: 200 } },
    env: {
      POSTHORN_OIDC_ISSUER: provider.issuer,
      POSTHORN_OIDC_CLIENT_ID: 'posthorn',
      POSTHORN_OIDC_CLIENT_SECRET: provider.clientSecret,
      POSTHORN_OIDC_NAME: 'Test ID',
      POSTHORN_OIDC_VIEWERS: 'staff',
      POSTHORN_OIDC_OPERATORS: 'on-call',
      POSTHORN_OIDC_ADMINS: 'platform',
    },
  });
  provider.redirectUris.push(`${own.origin}/dashboard/signed-in`);
});
afterAll(async () => {
  await own.stop();
  await provider.close();
});

const kept = (page: Page) => page.evaluate(() => JSON.stringify({ ...sessionStorage }));
const credentialOf = async (page: Page): Promise<{ token: string }> =>
  JSON.parse(JSON.parse(await kept(page))['posthorn.dashboard.credential'] ?? '{}');
const account = (page: Page, name: string) => page.getByRole('button', { name: `Signed in as ${name}` });

async function signInWithKey(page: Page): Promise<void> {
  await page.getByLabel('API key').fill(testApiKey);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('navigation', { name: 'Pages' }).waitFor();
}

async function signInAs(page: Page, person: string): Promise<void> {
  await page.getByRole('button', { name: 'Sign in with Test ID' }).click();
  await page.getByRole('button', { name: person, exact: true }).click();
}

withPage('a person signs in through the provider, comes back to the same page, and is named', async ({ openPage }) => {
  const { page, watched } = await openPage({ origin: own.origin });
  watched.allow(/^another origin/);
  await page.goto('/dashboard/tenants?x=1');
  await page.getByRole('button', { name: 'Sign in with Test ID' }).waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'sign-in');
  await signInAs(page, 'ada');
  await account(page, 'ada@example.com').click();
  await page.getByText('Role admin, all tenants').waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'account');
  expect(new URL(page.url()).pathname).toBe('/dashboard/tenants');
  // nothing of the sign-in is left: not in the address, not in the history, not in the tab
  expect(page.url()).not.toMatch(/code|state/);
  expect(await kept(page)).not.toMatch(/verifier|nonce/);
  const { token } = await credentialOf(page);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign in with Test ID' }).waitFor();
  expect(await credentialOf(page)).toEqual({});
  await expect.poll(async () => (await own.call('GET', '/v1/sessions/current', undefined, { key: token })).status).toBe(401);
  await page.reload();
  await page.getByLabel('API key').waitFor();
  expect(await credentialOf(page)).toEqual({});
});

withPage('each role sees what it may not do, and why', async ({ openPage }) => {
  for (const [person, name, role] of [
    ['vera', 'Vera', 'viewer'],
    ['bob', canary('name'), 'operator'],
  ] as const) {
    const { page, watched } = await openPage({ origin: own.origin });
    watched.allow(/^another origin/);
    await page.goto('/dashboard/tenants');
    await signInAs(page, person);
    await account(page, name).click();
    await page.getByText(`Role ${role}, all tenants`).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: /New tenant.*needs the role admin/ }).waitFor();
    await page.getByRole('link', { name: 'Replays' }).click();
    await page.getByRole('button', { name: role === 'viewer' ? /New replay.*needs the role operator/ : 'New replay…' }).waitFor();
    await page.getByRole('link', { name: /^Audit log.*needs the role admin/ }).click();
    await page.getByRole('heading', { name: 'This page needs the role admin' }).waitFor();
  }
  const { page, watched } = await openPage({ origin: own.origin });
  watched.allow(/^another origin/);
  await page.goto('/dashboard/');
  await signInAs(page, 'mallory');
  await page.getByText('Mallory (mallory) has no role here.').waitFor();
  expect(await violations(page)).toEqual([]);
  expect(await credentialOf(page)).toEqual({});
});

/** The page asks for two seconds whether another tab has begun this sign-in. */
const soonShows = (page: Page, what: Locator) => passTimeUntil(page, 'what is shown in the end', () => what.isVisible());

withPage('a sign-in that another site began, a replayed state and a planted token are refused', async ({ openPage }) => {
  const { page } = await openPage({ origin: own.origin });
  await page.clock.install();
  // login CSRF: the code of an attacker, for the attacker's account, with the state of the attacker's browser
  const begun = (await own.call('POST', '/v1/sign-in', undefined, { key: null })).body;
  const { code, state, iss } = await provider.authorize(begun.url, 'ada');
  const address = `/dashboard/signed-in?code=${code}&state=${state}&iss=${iss}`;
  await page.goto(address);
  await soonShows(page, page.getByText('This sign-in was not begun in this tab'));
  expect(await credentialOf(page)).toEqual({});
  expect(new URL(page.url()).search).toBe('');
  // the same with a state that this tab has used before
  await page.evaluate((text) => sessionStorage.setItem('posthorn.sign-in', text), JSON.stringify({ ...begun, returnTo: '/dashboard/' }));
  await page.goto(address);
  await account(page, 'ada@example.com').waitFor();
  await page.goto(address);
  await soonShows(page, page.getByText('was already used'));
  // then a key still opens the page
  await signInWithKey(page);
  // fixation: a token in the address is nobody's credential
  const { page: other } = await openPage({ origin: own.origin });
  await other.clock.install();
  const { token } = (await own.post('/v1/sessions', { key: testApiKey })).body;
  for (const place of ['#token=', '?token=', '#access_token=', 'signed-in?token=']) {
    await other.goto(`/dashboard/${place}${token}`);
    await soonShows(other, other.getByLabel('API key'));
    expect(await kept(other)).not.toContain(token);
  }
});

const ended = (page: Page) => page.getByRole('dialog', { name: 'Your session has ended' });

/** Makes a tenant with a session that has ended meanwhile: the order waits for a sign-in. */
async function orderAfterEnd(page: Page, id: string): Promise<void> {
  await page.goto('/dashboard/tenants');
  await page.getByRole('button', { name: 'New tenant' }).click();
  await page.getByLabel('Name', { exact: true }).fill('typed before the end');
  await page.getByLabel('Id', { exact: true }).fill(id);
  await endSession(page);
  await page.getByRole('button', { name: 'Make the tenant' }).click();
  await ended(page).getByRole('button', { name: 'Sign in with Test ID' }).waitFor();
}

async function signInAgainWithKey(page: Page, key = testApiKey): Promise<void> {
  await ended(page).getByLabel('API key').fill(key);
  await ended(page).getByRole('button', { name: 'Sign in', exact: true }).click();
}

/** Opens the window of the provider, which no longer knows who was signed in. */
async function openProvider(page: Page): Promise<Page> {
  await page.context().clearCookies();
  const opened = page.context().waitForEvent('page');
  await ended(page).getByRole('button', { name: 'Sign in with Test ID' }).click();
  return opened;
}

withPage('a session that ends asks to sign in over the page, keeps what was typed, and repeats the call', async ({ openPage }) => {
  const { page, watched } = await openPage({ origin: own.origin });
  watched.allow(/^another origin/);
  await page.goto('/dashboard/tenants');
  await signInAs(page, 'ada');
  await account(page, 'ada@example.com').waitFor();
  await orderAfterEnd(page, 'kept-by-provider');
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'session-ended');
  // a window that is closed without a word
  await (await openProvider(page)).close();
  await ended(page).getByText('If it is gone, press the button again.').waitFor();
  await (await openProvider(page)).getByRole('button', { name: 'ada', exact: true }).click();
  await page.waitForURL('**/dashboard/tenants/kept-by-provider');
  expect((await own.get('/v1/tenants/kept-by-provider')).body.name).toBe('typed before the end');

  await page.getByRole('button', { name: 'Signed in as' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await signInWithKey(page);
  await orderAfterEnd(page, 'kept-by-key');
  await signInAgainWithKey(page, 'wrong');
  await ended(page).getByText('This key is not known').waitFor();
  await signInAgainWithKey(page);
  await page.waitForURL('**/dashboard/tenants/kept-by-key');
  expect((await own.get('/v1/tenants/kept-by-key')).body.name).toBe('typed before the end');
});

withPage('what one person ordered is not sent for another, and nothing of it stays on the page', async ({ openPage }) => {
  const { page, watched } = await openPage({ origin: own.origin });
  watched.allow(/^another origin/);
  const notSent = page.getByRole('dialog', { name: 'What was ordered was not sent' });
  const isGivenUp = async (id: string, next: string, before: string) => {
    await notSent.getByText(`You signed in as ${next}. What ${before} had ordered was not sent.`).waitFor();
    expect(await page.getByLabel('Name', { exact: true }).count()).toBe(0);
    expect((await own.get(`/v1/tenants/${id}`)).status).toBe(404);
  };
  await page.goto('/dashboard/tenants');
  await signInAs(page, 'ada');
  await account(page, 'ada@example.com').waitFor();
  await orderAfterEnd(page, 'of-ada');
  // no typed text of hers, and none of the answers that she got, may be there for the next one
  const read = page.waitForResponse((response) => response.url().includes('/v1/tenants?') && response.status() === 200);
  await signInAgainWithKey(page);
  await isGivenUp('of-ada', 'bootstrap', 'ada@example.com');
  await read;
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'not-sent');
  await notSent.getByRole('button', { name: 'Close' }).last().click();
  await account(page, 'bootstrap').waitFor();

  await orderAfterEnd(page, 'of-bootstrap');
  await (await openProvider(page)).getByRole('button', { name: 'ada', exact: true }).click();
  await isGivenUp('of-bootstrap', 'ada@example.com', 'bootstrap');
  await orderAfterEnd(page, 'of-ada-again');
  await (await openProvider(page)).getByRole('button', { name: 'bob', exact: true }).click();
  await isGivenUp('of-ada-again', canary('name'), 'ada@example.com');
  await page.getByRole('button', { name: /New tenant.*needs the role admin/ }).waitFor();
});

withPage('a change that waits for Posthorn is not made by another person who signs in meanwhile', async ({ openPage }) => {
  await own.post('/v1/tenants', { id: 'read-before', name: 'Stored' });
  const { page, watched } = await openPage({ origin: own.origin });
  watched.allow(/^another origin|Failed to load resource/);
  await page.goto('/dashboard/tenants/read-before');
  await signInAs(page, 'ada');
  await page.getByLabel('Name', { exact: true }).fill('Ordered by ada');
  let isAway = true;
  await page.route(/\/(v1\/tenants\/read-before|readyz)$/, (route) => (isAway ? route.fulfill({ status: 502 }) : route.continue()));
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('alert').getByText('No connection to Posthorn.').waitFor();
  await endSession(page);
  await signInAgainWithKey(page);
  await account(page, 'bootstrap').waitFor();
  isAway = false;
  await page.getByRole('dialog').getByText('What ada@example.com had ordered was not sent.').waitFor();
  await expect.poll(() => page.getByLabel('Name', { exact: true }).inputValue()).toBe('Stored');
  expect((await own.get('/v1/tenants/read-before')).body.name).toBe('Stored');
});

withPage('a window of the provider that was closed can be opened again', async ({ openPage }) => {
  const { page, watched } = await openPage({ origin: own.origin });
  watched.allow(/^another origin/);
  await page.goto('/dashboard/tenants');
  await page.getByLabel('API key').fill(testApiKey);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await account(page, 'bootstrap').waitFor();
  await own.call('DELETE', '/v1/sessions/current', undefined, { key: (await credentialOf(page)).token });
  await page.reload();
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
  const openBeside = async () => {
    const opened = page.context().waitForEvent('page');
    await dialog.getByRole('button', { name: 'Sign in with Test ID' }).click();
    return (await opened).getByRole('button', { name: 'ada', exact: true });
  };
  const first = await openBeside();
  await first.waitFor();
  await first.page().close();
  await (await openBeside()).click();
  await account(page, 'ada@example.com').waitFor();
});

/** Ends the session of the page behind its back. */
async function endSession(page: Page): Promise<void> {
  const { token } = await credentialOf(page);
  await own.call('DELETE', '/v1/sessions/current', undefined, { key: token });
}

withPage('what waits for a sign-in is given up by who leaves, and the stream ends with the session', async ({ openPage }) => {
  const { page } = await openPage({ origin: own.origin });
  await page.goto('/dashboard/tenants');
  await signInWithKey(page);
  await page.getByRole('button', { name: 'New tenant' }).click();
  await page.getByLabel('Name', { exact: true }).fill('given up');
  await page.getByLabel('Id', { exact: true }).fill('given-up');
  await endSession(page);
  await page.getByRole('button', { name: 'Make the tenant' }).click();
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
  await dialog.getByRole('button', { name: 'Leave this page' }).click();
  await signInWithKey(page);
  await page.getByRole('row').first().waitFor();
  await page.getByRole('link', { name: 'Status' }).click();
  await page.getByText(/^Version .*, as of/).waitFor();
  expect((await own.get('/v1/tenants/given-up')).status).toBe(404);

  await endSession(page);
  await page.getByRole('link', { name: 'Deliveries' }).click();
  await dialog.getByLabel('API key').fill(testApiKey);
  const isStream = (request: { url(): string }) => request.url().includes('/v1/stream');
  const opened = page.waitForResponse((response) => isStream(response) && response.status() === 200);
  await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();
  await opened;
  const ended = page.waitForEvent('requestfailed', isStream);
  await page.getByRole('button', { name: /^Signed in as/ }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await ended;
});

withPage('what a page reads by itself while nobody is there does not keep the session', async ({ openPage }) => {
  const { page } = await openPage({ origin: own.origin });
  await page.clock.install();
  await page.goto('/dashboard/status');
  await signInWithKey(page);
  await page.getByText(/^Version .*, as of/).waitFor();
  /** Of the next read that nobody asked for. */
  const mark = async () => {
    const read = page.waitForRequest((one) => one.method() === 'GET' && one.url().includes('/v1/status'));
    let isAsked = false;
    void read.then(
      () => {
        isAsked = true;
      },
      () => undefined,
    );
    await passTimeUntil(page, 'the next read', async () => isAsked);
    const request = await read;
    // the page does not ask again while it waits for its answer
    await (await request.response())?.finished();
    return request.headers()['posthorn-background'];
  };
  await page.mouse.move(100, 100);
  expect(await mark()).toBe(undefined);
  await page.clock.fastForward(61_000);
  expect(await mark()).toBe('1');
  await page.mouse.move(200, 200);
  expect(await mark()).toBe(undefined);
});
