// The words of these pages in the language of the portal.
import { useWords } from '../../words/words.tsx';
import { de } from './words-de.ts';
import { en, type HelpWords } from './words-en.ts';

export const useHelpWords = (): HelpWords => (useWords().locale === 'de' ? de : en);
