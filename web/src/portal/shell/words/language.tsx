// The language of the portal: what the page around says, else what the user has chosen in this tab, else what the link says, else
// what the browser prefers, else English.
import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from 'react';
import { tabStorage } from '../../../api/storage.ts';
import { de as partsDe } from '../../../words/de.ts';
import { en as partsEn } from '../../../words/en.ts';
import { WordsProvider } from '../../../words/words.tsx';
import { look } from '../frame/look.ts';
import { portalLink } from '../link/link.ts';
import { de } from './de.ts';
import { en, type PortalWords } from './en.ts';
import type { Language, Translated } from './translated.ts';

const slot = 'posthorn.portal.language';
const words = { en, de };
const parts = { en: partsEn, de: partsDe };

interface Chosen {
  language: Language;
  /** Null: the page around chooses. */
  choose: ((language: Language) => void) | null;
}

const Current = createContext<Chosen>({ language: 'en', choose: null });

export const useLanguage = (): Chosen => useContext(Current);

/** Of texts made by `translated`, those of the language of the page. */
export const useTexts = <T,>(texts: Translated<T>): T => texts[useLanguage().language];

export const usePortalWords = (): PortalWords => words[useLanguage().language];

export function LanguageProvider({ children }: { children: ReactNode }) {
  const [own, setOwn] = useState(() => languageOf(tabStorage.get(slot)));
  const ofHost = useSyncExternalStore(look.subscribe, look.language);
  const link = useSyncExternalStore(portalLink.subscribe, portalLink.get);
  const language = ofHost ?? own ?? (link.state === 'open' ? link.link.language : null) ?? preferred();
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const choose = (next: Language) => {
    tabStorage.set(slot, next);
    setOwn(next);
  };
  const product = link.state === 'open' ? link.link.tenant.name : words[language].portal;
  return (
    <Current value={{ language, choose: ofHost === undefined ? choose : null }}>
      <WordsProvider words={{ ...parts[language], product }}>{children}</WordsProvider>
    </Current>
  );
}

const languageOf = (text: string | null | undefined): Language | null => (text === 'en' || text === 'de' ? text : null);

function preferred(): Language {
  for (const tag of navigator.languages) {
    const found = languageOf(tag.slice(0, 2).toLowerCase());
    if (found) return found;
  }
  return 'en';
}
