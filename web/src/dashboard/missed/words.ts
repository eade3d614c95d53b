// Words of the list of missed events, as operators read them.
import type { MissedWords } from '../../parts/missed/words.ts';
import { plural } from '../../words/format.ts';

const number = (count: number) => count.toLocaleString('en');

export const missedWords: MissedWords = {
  title: 'Missed events',
  type: 'Event type',
  event: 'Event',
  status: 'Status',
  accepted: 'Accepted',
  noneTitle: 'Nothing more is missed',
  none: 'The consumer has acknowledged all, or it was delivered meanwhile.',
  acknowledge: (count, isAll) => `Acknowledge ${isAll ? 'all' : 'the first'} ${number(count)}…`,
  confirmTitle: 'Acknowledge on behalf of the consumer',
  effect: (count) =>
    `Marks ${plural(count, 'event', 'events')} as taken: they count as delivered and are not sent any more. Do this only if the consumer has them from elsewhere.`,
  confirm: (count) => `Acknowledge ${number(count)}`,
  done: (count) => `${plural(count, 'event', 'events')} acknowledged.`,
};
