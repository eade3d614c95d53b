// Words of messages for chats.
import { useWords } from '../../words/words.tsx';
import { de, en, type MessageWords } from './texts.ts';

export const useMessageWords = (): MessageWords => (useWords().locale === 'de' ? de : en);
