// The words of the portal in English and German. That they have the same keys is checked by the compiler.
import { expect, it } from 'vitest';
import { catalogues, textsIn } from './support/portal-words.ts';

/** Words that are the same in both languages. */
const same = new Set(
  [
    'DNS',
    'TLS',
    'Connect',
    'Posthorn',
    'Webhooks',
    'Webhook',
    'Slack',
    'Discord',
    'Microsoft Teams',
    'PagerDuty',
    'URL',
    'Text',
    'Name',
    'Status',
    'Filter',
    'Code',
    'Version',
    'System',
    'Header',
    'Test',
    'Rest',
    'in',
    'Null',
    '–',
  ].map((word) => word.toLowerCase()),
);

it.each(Object.keys(catalogues))('%s is translated', (name) => {
  const { en, de } = catalogues[name] ?? { en: {}, de: {} };
  const [english, german] = [new Map(textsIn(en)), new Map(textsIn(de))];
  expect([...german.keys()]).toEqual([...english.keys()]);
  const untranslated = [...english].filter(([key, text]) => german.get(key) === text && !same.has(text.toLowerCase()));
  expect(untranslated).toEqual([]);
  expect([...german].filter(([, text]) => text.trim() === '' || /undefined|NaN/.test(text))).toEqual([]);
});
