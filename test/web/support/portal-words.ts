// All words of the portal, and what of them a page in German shows in English.
import type { Page } from 'playwright-core';
import * as attempts from '../../../web/src/parts/attempts/texts.ts';
import * as channels from '../../../web/src/parts/channels/texts.ts';
import { filterWords } from '../../../web/src/parts/filter/words.ts';
import * as times from '../../../web/src/parts/filters/texts.ts';
import * as messages from '../../../web/src/parts/messages/texts.ts';
import * as groups from '../../../web/src/parts/undelivered/texts.ts';
import { de as alertsDe } from '../../../web/src/portal/alerts/words-de.ts';
import { en as alertsEn } from '../../../web/src/portal/alerts/words-en.ts';
import { de as catalogueDe } from '../../../web/src/portal/catalogue/words-de.ts';
import { en as catalogueEn } from '../../../web/src/portal/catalogue/words-en.ts';
import { de as conformanceDe } from '../../../web/src/portal/conformance/words-de.ts';
import { en as conformanceEn } from '../../../web/src/portal/conformance/words-en.ts';
import { deliveriesTexts, deliveryTexts } from '../../../web/src/portal/deliveries/texts.ts';
import { listTexts } from '../../../web/src/portal/endpoints/list-texts.ts';
import { de as endpointsDe } from '../../../web/src/portal/endpoints/words-de.ts';
import { en as endpointsEn } from '../../../web/src/portal/endpoints/words-en.ts';
import { healthTexts } from '../../../web/src/portal/health/texts.ts';
import { de as helpDe } from '../../../web/src/portal/help/words-de.ts';
import { en as helpEn } from '../../../web/src/portal/help/words-en.ts';
import { missedTexts } from '../../../web/src/portal/missed/texts.ts';
import * as shared from '../../../web/src/portal/shared-texts.ts';
import { de as shellDe } from '../../../web/src/portal/shell/words/de.ts';
import { en as shellEn } from '../../../web/src/portal/shell/words/en.ts';
import { de as partsDe } from '../../../web/src/words/de.ts';
import { en as partsEn } from '../../../web/src/words/en.ts';

/** `locale` and `problems` are no words, or only in German. */
const { locale: _en, problems: _none, ...partsInEnglish } = partsEn;
const { locale: _de, problems: _some, ...partsInGerman } = partsDe;
/** In English the API says them. */
const { addressesNote: _note, missedWhen: _when, ...helpInGerman } = helpDe;
const { addressesNote: _noNote, missedWhen: _noWhen, ...helpInEnglish } = helpEn;

/** `list` takes a list, and has no words. */
function withoutList({ list: _, ...words }: (typeof filterWords)['en']): object {
  return words;
}

export const catalogues: Record<string, { en: object; de: object }> = {
  parts: { en: partsInEnglish, de: partsInGerman },
  shell: { en: shellEn, de: shellDe },
  shared: { en: shared.en, de: shared.de },
  attempts: { en: attempts.en, de: attempts.de },
  channels: { en: channels.en, de: channels.de },
  times: { en: times.en, de: times.de },
  groups: { en: groups.en, de: groups.de },
  messages: { en: messages.en, de: messages.de },
  filter: { en: withoutList(filterWords.en), de: withoutList(filterWords.de) },
  alerts: { en: alertsEn, de: alertsDe },
  catalogue: { en: catalogueEn, de: catalogueDe },
  conformance: { en: conformanceEn, de: conformanceDe },
  deliveries: deliveriesTexts,
  delivery: deliveryTexts,
  endpointList: listTexts,
  endpoints: { en: endpointsEn, de: endpointsDe },
  health: healthTexts,
  help: { en: helpInEnglish, de: helpInGerman },
  missed: missedTexts,
};

/** Each text with its key. Of a function: what it makes of examples, which no language translates. */
export function textsIn(words: unknown, key = ''): [key: string, text: string][] {
  if (typeof words === 'string') return [[key, words]];
  if (typeof words === 'function') return [[key, String(words(3, true, 7))]];
  return Object.entries(words as object).flatMap(([name, inner]) => textsIn(inner, key === '' ? name : `${key}.${name}`));
}

/** Texts that only the English portal has. */
function englishOnly(): string[] {
  const german = new Set(Object.values(catalogues).flatMap(({ de }) => textsIn(de).map(([, text]) => text)));
  return Object.values(catalogues)
    .flatMap(({ en }) => textsIn(en).map(([, text]) => text.trim()))
    .filter((text) => /[a-z]{3}/.test(text) && !german.has(text));
}

// text, since tests have no types of browsers
const ownTexts = `(() => {
  const isGerman = (element) => element.closest('[lang]')?.lang === 'de';
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    if (isGerman(node.parentElement)) found.push(node.data.trim());
  for (const element of document.querySelectorAll('[aria-label], [placeholder], [title]'))
    if (isGerman(element)) found.push(...['aria-label', 'placeholder', 'title'].map((name) => element.getAttribute(name) ?? ''));
  return [...found, document.title];
})()`;

/** English words of the portal that the page shows as if they were German. */
export async function englishIn(page: Page): Promise<string[]> {
  const english = new Set(englishOnly());
  const shown = (await page.evaluate(ownTexts)) as string[];
  return [...new Set(shown.filter((text) => english.has(text)))];
}
