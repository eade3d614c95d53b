// Tells in a corner why an order was refused.
import type { Words } from '../words/en.ts';
import { detailOf, isTranslated } from './States.tsx';
import { say } from './Toasts.tsx';

export function sayRefusal(error: unknown, words: Words): void {
  say(detailOf(error, words), 'bad', isTranslated(error, words) ? words.locale : 'en');
}
