// The words of these pages in the language of the portal.
import { useWords } from '../../words/words.tsx';
import { de } from './words-de.ts';
import { type EndpointWords, en } from './words-en.ts';

export const useEndpointWords = (): EndpointWords => (useWords().locale === 'de' ? de : en);
