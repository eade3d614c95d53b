// Words of the parts that both doors use. German: de.ts, with the same keys.
import type { Problem } from '@posthorn/client';

export type ProblemCode = Problem['code'];

export const en = {
  locale: 'en' as 'en' | 'de',
  status: {
    pending: 'Pending',
    retrying: 'Retrying',
    held: 'Held',
    succeeded: 'Delivered',
    dead_lettered: 'Dead letter',
    quarantined: 'In quarantine',
    cancelled: 'Cancelled',
    expired: 'Expired',
  },
  /** In the title of the tab. */
  product: 'Posthorn',
  copy: 'Copy',
  copyWhat: (what: string) => `Copy ${what}`,
  copied: 'Copied',
  close: 'Close',
  cancel: 'Cancel',
  loading: 'Loading',
  loadMore: 'Load more',
  showAll: 'Show all',
  showLess: 'Show less',
  retry: 'Try again',
  none: 'none',
  justNow: 'just now',
  time: 'Time',
  rows: (count: number) => `${count.toLocaleString('en')} ${count === 1 ? 'row' : 'rows'}`,
  away: 'No connection to Posthorn. Trying again.',
  storeAway: 'Posthorn cannot reach its database. Nothing is lost. Trying again.',
  tryNow: 'Try now',
  upgraded: 'Posthorn was updated. This part of the page is there again after a reload. What you typed stays until then.',
  reload: 'Reload',
  failed: 'This could not be loaded.',
  /** Of an order. */
  unanswered: 'Posthorn did not answer, so this may have been done or not. Look before you try again.',
  notFound: 'There is no such page, or your key may not see it.',
  changedMeanwhile: 'Somebody else has changed this since you began to type. Saving replaces it with what you typed. Stored now:',
  takeStored: 'Use what is stored',
  nothing: 'nothing',
  leaveTitle: 'Leave without saving?',
  leaveEffect: 'What you typed on this page is not saved yet, and is lost when you leave it.',
  leave: 'Leave the page',
  requestId: 'Request',
  tryAgainIn: (time: string) => `You can try again in ${time}.`,
  selection: 'Selection',
  selected: (count: string) => `${count} selected`,
  clear: 'Clear',
  selectRow: 'Select',
  selectAll: 'Select all that are shown',
  /** Why the API refused. None: its own sentences are English. */
  problems: {
    precondition_failed:
      'Somebody else has changed the settings meanwhile, maybe a value that is not shown. Save again to replace it with yours.',
  } as Partial<Record<ProblemCode, string | null>>,
};

export type Words = typeof en;
