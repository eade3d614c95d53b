// A sentence of the API in the language of the page. Where that language has no words for its code, as of a newer server, it is
// shown as it was answered, marked as English.
import { useWords } from '../words/words.tsx';
import { WithTimes } from './WithTimes.tsx';

interface SentenceProps {
  /** As the API wrote it. */
  text: string;
  /** Written from code and facts. Null: the code is not known here. */
  german: () => string | null;
}

export function Sentence({ text, german }: SentenceProps) {
  const translated = useGerman(german);
  return (
    <span lang={translated === null ? 'en' : 'de'}>
      <WithTimes text={translated ?? text} />
    </span>
  );
}

/** Null: the page is in English, or there are no German words. */
export function useGerman<T>(write: () => T | null): T | null {
  if (useWords().locale !== 'de') return null;
  try {
    return write();
  } catch {
    // an older server does not answer all facts
    return null;
  }
}
