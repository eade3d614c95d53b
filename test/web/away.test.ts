// Posthorn is stopped and started, and so is PostgreSQL, under an open page: it says so, keeps what it shows and what was
// typed, obeys an order that was given meanwhile once, and goes on by itself.
import { createServer, request as forward, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { migrationsFolder } from '#config/package';
import { migrate } from '#db/store/migrate';
import { makePartitions } from '#db/store/partitions';
import { createPool } from '#db/store/pool';
import { ownPort } from '../support/own-port.ts';
import { startOwnPostgres } from '../support/own-servers.ts';
import { testEnv } from '../support/posthorn.ts';
import { createProcessGroup } from '../support/posthorn-process.ts';
import { until } from '../support/until.ts';
import { violations } from './support/axe.ts';
import { openedStream } from './support/opened-stream.ts';
import { passTimeUntil } from './support/pass-time.ts';
import { shoot } from './support/screenshot.ts';
import { openDashboard, withPage } from './support/with-page.ts';

/** An API on a PostgreSQL of its own. Each can be stopped, and starts again on the same port. */
async function installation() {
  const [postgres, port] = await Promise.all([startOwnPostgres(), ownPort()]);
  const db = createPool({ url: postgres.url, max: 2, onError: () => undefined });
  await migrate(db, migrationsFolder);
  await makePartitions(db);
  const env = { ...testEnv({ url: postgres.url, db, drop: () => db.end() }, 't146'), PORT: String(port), LOG_LEVEL: 'silent' };
  const group = createProcessGroup();
  onTestFinished(async () => {
    await group.end(false);
    await db.end();
    await postgres.close();
  });
  return { postgres, start: () => group.start({ env, role: 'server', awaited: 'listening' }) };
}

withPage('a page outlives the end of Posthorn and of PostgreSQL', async ({ openPage }) => {
  const { postgres, start } = await installation();
  let api = await start();
  await api.post('/v1/tenants', { id: 'before', name: 'Before' });
  const { page, watched } = await openPage({ origin: api.origin });
  // requests fail on purpose
  watched.allow(/Failed to load resource|net::ERR_|Couldn't load preload assets/);
  await page.clock.install();
  await openDashboard(page, '/tenants');
  const bar = page.getByRole('alert').filter({ hasText: 'Trying again' });
  const goesOn = () => passTimeUntil(page, 'it to go on', async () => (await bar.count()) === 0);
  const row = (text: string) => page.getByRole('row').filter({ hasText: text });
  await row('before').waitFor();
  expect(await bar.count()).toBe(0);

  await api.kill();
  // its chunk is not here yet: its name is, and the bar says why it waits
  await page.getByRole('link', { name: 'Replays' }).click();
  await bar.getByText('No connection to Posthorn.').waitFor();
  await page.getByRole('heading', { name: 'Replays' }).waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'away');
  api = await start();
  await goesOn();
  await page.getByText('No replay jobs').waitFor();

  await page.getByRole('link', { name: 'Tenants' }).click();
  await row('before').waitFor();
  await postgres.kill();
  // a page reads again when somebody comes back to it
  await page.getByRole('link', { name: 'Quarantine' }).click();
  await bar.getByText('Posthorn cannot reach its database. Nothing is lost.').waitFor();
  expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
  await page.getByRole('link', { name: 'Tenants' }).click();
  await row('before').waitFor();
  await shoot(page, 'database-away');
  // an order that nobody can obey now
  await page.getByRole('button', { name: /New tenant/ }).click();
  await page.getByLabel('Name', { exact: true }).fill('Meanwhile');
  const refused = page.waitForResponse((response) => response.request().method() === 'POST' && response.status() === 503);
  await page.getByRole('button', { name: /^(Make|Create)/ }).click();
  await refused;
  await postgres.start();
  await goesOn();
  await page.getByText('Meanwhile').first().waitFor();
  const { body } = await api.get('/v1/tenants');
  expect(body.data.map(({ name }: { name: string }) => name).sort()).toEqual(['Before', 'Meanwhile']);
});

withPage(
  'a proxy that says 502 is Posthorn away, and what is typed outlives that a page cannot be read',
  async ({ openPage, posthorn }) => {
    const { page, watched } = await openPage();
    watched.allow(/Failed to load resource/);
    const tenant = await posthorn.makeTenant();
    await openDashboard(page, `/tenants/${tenant}`);
    const name = page.getByLabel('Name', { exact: true });
    await name.fill('typed meanwhile');
    const bar = page.getByRole('alert').filter({ hasText: 'Trying again' });
    await page.route(/\/(v1|readyz)/, (route) => route.fulfill({ status: 502, contentType: 'text/html', body: 'Bad Gateway' }));
    await page.getByRole('button', { name: 'Save' }).click();
    await bar.getByText('No connection to Posthorn.').waitFor();
    await page.unrouteAll();
    await page.getByText('The settings are in force.').waitFor();
    await bar.waitFor({ state: 'detached' });
    expect((await posthorn.get(`/v1/tenants/${tenant}`)).body.name).toBe('typed meanwhile');

    // a page whose data cannot be read again keeps it
    await name.fill('typed later');
    await page.route(/\/v1\/(tenants|search)/, (route) => route.fulfill({ status: 503, json: { status: 503, detail: 'away' } }));
    await page.keyboard.press('Control+k');
    const refused = page.waitForResponse((response) => response.url().endsWith(`/v1/tenants/${tenant}`) && response.status() === 503);
    await page.getByRole('combobox', { name: 'Id, name, page or command' }).fill('anything');
    await refused;
    await page.keyboard.press('Escape');
    expect(await name.inputValue()).toBe('typed later');
    await page.unrouteAll();
    await bar.waitFor({ state: 'detached' });
    expect(await name.inputValue()).toBe('typed later');
  },
);

/** A proxy in front of Posthorn that has begun to refuse a path, and ends these answers when it is told to. */
async function slowlyRefusing(origin: string, path: string) {
  const held: ServerResponse[] = [];
  let isRefusing = true;
  const server = createServer((request, response) => {
    if (isRefusing && request.url === path) {
      held.push(response.writeHead(502, { 'content-type': 'text/html' }));
      return void response.write('Bad ');
    }
    const { method, headers } = request;
    const onward = forward(`${origin}${request.url}`, { method, headers }, (answer) => {
      answer.pipe(response.writeHead(answer.statusCode ?? 500, answer.headers));
    });
    response.once('close', () => onward.destroy());
    request.pipe(onward.on('error', () => response.destroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    end() {
      isRefusing = false;
      for (const response of held) response.end('Gateway');
    },
  };
}

withPage('an answer from before Posthorn was back does not stay on the page', async ({ openPage, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const proxy = await slowlyRefusing(posthorn.origin, `/v1/tenants/${tenant}`);
  const { page, watched } = await openPage({ origin: proxy.origin });
  watched.allow(/Failed to load resource/);
  const isRefused = page.waitForResponse((response) => response.url().endsWith(`/v1/tenants/${tenant}`) && response.status() === 502);
  await openDashboard(page, `/tenants/${tenant}`);
  await isRefused;
  const isAnswered = page.waitForResponse((response) => response.url().includes('/v1/search') && response.ok());
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Id, name, page or command' }).fill('anything');
  await isAnswered;
  await page.keyboard.press('Escape');
  await page.getByRole('alert').filter({ hasText: 'Trying again' }).waitFor({ state: 'detached' });
  proxy.end();
  await page.getByLabel('Name', { exact: true }).waitFor();
});

withPage('the stream is read again after an answer that is no stream, and what was missed is shown', async ({ page, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const { id } = await posthorn.makeEndpoint(tenant, 'http://127.0.0.1:9/no-stream');
  await page.clock.install();
  await page.route('**/v1/stream*', (route) => route.fulfill({ contentType: 'text/html', body: 'A proxy' }), { times: 1 });
  const refused = page.waitForResponse('**/v1/stream*');
  const opened = openedStream(page);
  let asked = 0;
  page.on('request', (request) => {
    if (request.url().includes('/v1/stream')) asked++;
  });
  await openDashboard(page, `/endpoints/${id}/settings`);
  await page.getByRole('button', { name: 'Pause' }).waitFor();
  await refused;
  await posthorn.call('POST', `/v1/endpoints/${id}/pause`);
  await until('another try', async () => {
    if (asked < 2) await page.clock.fastForward(10_000);
    return asked > 1;
  });
  await opened;
  await page.getByRole('button', { name: 'Resume' }).waitFor();
});
