// The portal in German: what its forms say about wrong fields, and its help.
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { violations } from './support/axe.ts';
import { openPortal } from './support/open-portal.ts';
import { englishIn } from './support/portal-words.ts';
import { shoot } from './support/screenshot.ts';
import { withPage } from './support/with-page.ts';

const languageOf = (place: Locator) => place.evaluate((one: { closest(of: string): { lang: string } }) => one.closest('[lang]').lang);

/** The German message is there, and a screen reader reads it as German. */
async function saysInGerman(page: Page, text: string): Promise<void> {
  const place = page.getByText(text, { exact: true }).first();
  await place.waitFor();
  expect(await languageOf(place)).toBe('de');
}

withPage('says in German what is wrong with the fields of an endpoint, before it is sent and after', async ({ page, posthorn }) => {
  const tenant = await posthorn.makeTenant();
  await openPortal(posthorn, page, tenant, '/endpoints/new', { language: 'de' });
  const send = page.getByRole('button', { name: 'Endpunkt hinzufügen' });
  await page.getByRole('button', { name: 'Bedingung hinzufügen' }).click();
  await page.keyboard.type('amount');
  await send.click();
  await saysInGerman(page, 'fehlt');
  await saysInGerman(page, 'ist kein Feld eines Ereignisses: ein Pfad ist type oder data oder beginnt mit data.');
  await page.getByRole('button', { name: 'Als JSON bearbeiten' }).click();
  await page.getByLabel('Filter als JSON').fill('');
  await page.getByLabel('Adresse (URL)').fill('https://hooks.example.com/or ders');
  await page.getByLabel('Nur diese').click();
  await page.getByLabel('Anderer Typ oder Muster').fill('order placed');
  await page.keyboard.press('Enter');
  await page.getByText('Weitere Einstellungen').click();
  await page.getByRole('button', { name: 'Header hinzufügen' }).click();
  await page.getByLabel('Name', { exact: true }).fill('content-type');
  await page.getByLabel('Höchstens so viele Anfragen je Sekunde').fill('10001');
  await send.click();
  await saysInGerman(page, 'darf keine Leerzeichen oder Steuerzeichen enthalten');
  await saysInGerman(page, 'muss ein Ereignistyp sein, ein Anfang wie order.* oder *');
  await saysInGerman(page, 'ist vergeben: Posthorn setzt ihn, oder er gehört zur Verbindung');
  await saysInGerman(page, 'darf höchstens 10000 sein');
  expect(await page.locator('.field-problem [lang="en"]').count()).toBe(0);
  expect(await englishIn(page)).toEqual([]);
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'portal-german-form');
});

withPage('explains signatures, answers and retries in German', async ({ page, posthorn }) => {
  await openPortal(posthorn, page, await posthorn.makeTenant(), '/help', { language: 'de' });
  await saysInGerman(page, 'Vergleichen Sie v1, und das Ergebnis in Base64 mit jeder Signatur, in konstanter Zeit.');
  // only the comments of the code are in English
  expect(await page.locator('main [lang="en"]').count()).toBe(1);
  expect(await page.locator('main pre > [lang="en"]').count()).toBe(1);
  await shoot(page, 'portal-german-help');
});
