// An installation that has delivered nothing yet leads to the first steps, unless somebody has skipped them in this tab.
import { useQuery } from '@tanstack/react-query';
import { posthorn } from '../api/client.ts';
import { tabStorage } from '../api/storage.ts';

export const skippedSlot = 'posthorn.first-run.skipped';

/** Null: not known yet. */
export function useIsFirstRun(): boolean | null {
  const isSkipped = tabStorage.get(skippedSlot) !== null;
  const { data } = useQuery({
    queryKey: ['deliveries', 'any'],
    queryFn: async ({ signal }) => (await posthorn.deliveries.list({ limit: 1 }, { signal }).page()).data.length > 0,
    enabled: !isSkipped,
    // once there was a delivery, it is no first run any more
    staleTime: ({ state }) => (state.data === true ? Number.POSITIVE_INFINITY : 0),
  });
  if (isSkipped) return false;
  return data === undefined ? null : !data;
}
