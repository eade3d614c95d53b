// Words about attempts, in the language of the page.
import { useWords } from '../../words/words.tsx';
import { type AttemptWords, de, en } from './texts.ts';

export function useAttemptWords(): AttemptWords {
  return useWords().locale === 'de' ? de : en;
}
