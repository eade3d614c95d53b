// Words that several pages use.
import { useMay } from '../api/use.ts';
import { useWords } from '../words/words.tsx';
import { de, en } from './shared-texts.ts';

export const useSharedWords = (): typeof en => (useWords().locale === 'de' ? de : en);

/** Why this link may not do what needs the scope; undefined: it may. For `because` of a button. */
export function useForbidden(scope: string): string | undefined {
  const words = useSharedWords();
  return useMay(scope) ? undefined : words.needs(scope);
}
