// The first run: an empty installation leads to a delivered event, with code that runs as it is shown.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect } from 'vitest';
import { startPosthorn, type TestPosthorn, testApiKey } from '../support/posthorn.ts';
import { violations } from './support/axe.ts';
import { shoot } from './support/screenshot.ts';
import { openDashboard, withPage } from './support/with-page.ts';

const run = promisify(execFile);
const programs: Record<string, (code: string) => [file: string, args: string[]]> = {
  curl: (code) => ['sh', ['-c', code]],
  Python: (code) => ['python3', ['-c', code]],
  TypeScript: (code) => [process.execPath, ['--conditions=posthorn-source', '--input-type=module-typescript', '--eval', code]],
};

let empty: TestPosthorn;
beforeAll(async () => {
  empty = await startPosthorn({ namespace: 't142' });
});
afterAll(() => empty?.stop());

withPage('an empty installation leads in three steps to a delivered event', async ({ openPage }) => {
  const { page } = await openPage({ origin: empty.origin });
  // the address of the server itself leads to the dashboard
  expect((await page.goto('/'))?.url()).toBe(`${empty.origin}/dashboard/`);
  await openDashboard(page, '/');
  await page.getByRole('heading', { name: 'Welcome to Posthorn' }).waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'welcome-1');
  await page.getByRole('button', { name: 'Make a test endpoint' }).click();
  const secret = page.getByRole('dialog', { name: 'The test endpoint is there' });
  await secret.getByText(/^whsec_/).waitFor();
  await shoot(page, 'welcome-secret');
  await secret.getByRole('button', { name: 'I have stored it' }).click();
  await page.getByText('Waiting for the event').waitFor();
  await shoot(page, 'welcome-2');

  for (const [language, program] of Object.entries(programs)) {
    await page.getByRole('button', { name: language, exact: true }).click();
    const code = (await page.getByRole('region', { name: `Code in ${language}` }).textContent()) ?? '';
    const [file, args] = program(code);
    const { stdout } = await run(file, args, { env: { ...process.env, POSTHORN_API_KEY: testApiKey } });
    expect([language, stdout]).toEqual([language, expect.stringContaining('evt_')]);
  }
  await page.getByText('The test endpoint got it and answered 200. Its signature is valid.').waitFor();
  expect(await page.getByRole('status').getByText('Delivered').count()).toBeGreaterThan(0);
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'welcome-3');

  // it is no first run any more, and a reload keeps what was done
  await page.reload();
  await page.getByText('Its signature is valid').waitFor();
  await page.getByRole('link', { name: 'Overview', exact: true }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.getByText('All is well.').waitFor();

  // an endpoint of the open sandbox, as `npm start` makes one, is a place that receives
  await empty.post('/v1/tenants', { id: 'begun', name: 'Begun' });
  await empty.post('/v1/tenants/begun/endpoints', { url: `${empty.origin}/sandbox/begun`, verification: 'none' });
  await page.goto('/dashboard/welcome?tenant=begun');
  await page.getByRole('heading', { name: 'Make a place that receives (done)' }).waitFor();
  await page.getByRole('button', { name: 'Send it from here' }).click();
  await page.getByRole('heading', { name: 'Watch it arrive (done)' }).waitFor();
});
