// Words of alert channels.
import { useWords } from '../../words/words.tsx';
import { type ChannelWords, de, en } from './texts.ts';

export const useChannelWords = (): ChannelWords => (useWords().locale === 'de' ? de : en);

/** What each kind of alert that the reader may choose is about. */
export type KindNames = Partial<Record<string, string>>;
