// The language of the page, for the parts that both doors use.
import { createContext, type ReactNode, useContext } from 'react';
import { en, type Words } from './en.ts';

const Language = createContext<Words>(en);

export function WordsProvider({ words, children }: { words: Words; children: ReactNode }) {
  return <Language value={words}>{children}</Language>;
}

export const useWords = (): Words => useContext(Language);
