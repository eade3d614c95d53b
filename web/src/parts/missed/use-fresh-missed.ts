// Reads missed events again when deliveries change: how much each endpoint missed, and the list of one while its beginning is seen.
import type { ChangedDelivery } from '@posthorn/client';
import { type InfiniteData, type QueryKey, useQueryClient } from '@tanstack/react-query';
import { useChanges } from '../../api/live.ts';
import { isAtTop } from '../live/use-at-top.ts';
import { useFresh } from '../live/use-fresh.ts';
import { useThrottled } from '../live/use-throttled.ts';

/** The first attempt of a delivery that is accepted changes nothing here. */
const mayBeMissed = ({ status, attempts, round }: ChangedDelivery) => status !== 'succeeded' || attempts > 1 || round > 1;
/** Others are read when somebody scrolls to them. */
const pagesAgain = 2;

export const missedKey = (endpoint: string): QueryKey => ['missed', endpoint];

/** `endpoint`: the one whose list is shown. */
export function useFreshMissed(endpoint: string | undefined, everyMs: number): void {
  const queries = useQueryClient();
  useFresh([['undelivered']], ({ deliveries }) => [...deliveries.values()].some(mayBeMissed), { everyMs });
  const readSoon = useThrottled(
    async () => {
      const queryKey = missedKey(endpoint ?? '');
      queries.setQueryData<InfiniteData<unknown>>(queryKey, (list) => list && firstPages(list));
      await queries.invalidateQueries({ queryKey });
    },
    { everyMs, mayRun: isAtTop },
  );
  useChanges(({ isReset, deliveries }) => {
    const isOfList = (one: ChangedDelivery) => one.endpoint === endpoint && mayBeMissed(one);
    if (endpoint !== undefined && (isReset || [...deliveries.values()].some(isOfList))) readSoon();
  });
}

const firstPages = <Page>({ pages, pageParams }: InfiniteData<Page>): InfiniteData<Page> => ({
  pages: pages.slice(0, pagesAgain),
  pageParams: pageParams.slice(0, pagesAgain),
});
