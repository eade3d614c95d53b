// Opens the portal of a tenant by a link, as its consumers do.
import type { Page } from 'playwright-core';
import type { Api } from '../../support/api.ts';

export async function openPortal(api: Api, page: Page, tenant: string, path = '/', link: object = {}): Promise<void> {
  const { body } = await api.post('/v1/portal-links', { tenant, ...link });
  await page.goto(body.url);
  await page.getByRole('navigation').waitFor();
  if (path !== '/') {
    // by the address, as somebody who has kept it; the tab keeps the token
    await page.goto(`/portal${path}`);
    await page.getByRole('navigation').waitFor();
  }
}
