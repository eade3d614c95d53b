// The words of these pages in the language of the portal.
import { useWords } from '../../words/words.tsx';
import { de } from './words-de.ts';
import { type CatalogueWords, en } from './words-en.ts';

export const useCatalogueWords = (): CatalogueWords => (useWords().locale === 'de' ? de : en);
