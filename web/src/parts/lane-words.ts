// Why a lane sends nothing now, in words.
import type { LaneWait } from '@posthorn/client';

export const laneWaits: Record<LaneWait, string> = {
  paused: 'The endpoint is paused',
  unverified: 'The endpoint is not verified',
  disabled: 'The endpoint is disabled',
  circuit_open: 'The circuit is open: the endpoint fails',
  retry_after: 'The endpoint asked to wait (Retry-After)',
  head_in_backoff: 'The first delivery waits for its retry',
  blocked_by_dead_letter: 'A dead letter blocks the order',
  ordering_cutover: 'The order is being taken over',
  nothing_due: 'Nothing is due yet',
  rate: 'The rate limit is used up',
  batch_filling: 'The batch is filling',
};
