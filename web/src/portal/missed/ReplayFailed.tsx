// Sends again what an endpoint has refused for good: counted first, then as a replay job.
import type { UndeliveredEndpoint } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { Button } from '../../parts/Button.tsx';
import { Confirm } from '../../parts/Dialog.tsx';
import { Select } from '../../parts/Field.tsx';
import * as timeTexts from '../../parts/filters/texts.ts';
import { spans, type Within } from '../../parts/filters/time-span.ts';
import { Problem } from '../../parts/States.tsx';
import { say } from '../../parts/Toasts.tsx';
import { sinceOf } from '../../parts/undelivered/span.ts';
import { useOrder } from '../../parts/use-order.ts';
import { useTexts } from '../shell/words/language.tsx';
import { missedTexts } from './texts.ts';

/** A receiver that was away is not flooded. */
const perSecond = 50;

export function ReplayFailed({ group, because }: { group: UndeliveredEndpoint; because: string | undefined }) {
  const texts = useTexts(missedTexts);
  const [isAsking, setIsAsking] = useState(false);
  const hasFailed = group.statuses.some(({ status }) => status === 'dead_lettered');
  if (!hasFailed || group.url === null) return null;
  return (
    <>
      <Button because={because} onPress={() => setIsAsking(true)}>
        {texts.replay} …
      </Button>
      {isAsking && <Ask endpoint={group.endpoint} url={group.url} onClose={() => setIsAsking(false)} />}
    </>
  );
}

function Ask({ endpoint, url, onClose }: { endpoint: string; url: string; onClose: () => void }) {
  const [texts, times] = [useTexts(missedTexts), useTexts(timeTexts)];
  const [within, setWithin] = useState<Within>();
  const selection = () => ({ endpoint, status: ['dead_lettered' as const], since: sinceOf(within) });
  const counted = useQuery({
    queryKey: ['replays', 'count', endpoint, within],
    queryFn: ({ signal }) => posthorn.replays.dryRun(selection(), { signal }),
    gcTime: 0,
  });
  const order = useOrder({
    send: () => posthorn.replays.create({ ...selection(), perSecond }),
    onDone: () => say(texts.replayBegun),
    onward: onClose,
    changes: [['undelivered'], ['missed'], ['deliveries']],
  });
  const count = counted.data?.matched;
  const problem = order.error ? (
    <Problem error={order.error} />
  ) : (
    counted.error && <Problem error={counted.error} onRetry={() => void counted.refetch()} />
  );
  const effect = (
    <div className="form">
      <Select label={times.accepted} value={within ?? ''} onChange={({ target }) => setWithin(spans.find((one) => one === target.value))}>
        <option value="">{times.anyTime}</option>
        {spans.map((one) => (
          <option key={one} value={one}>
            {times.within[one]}
          </option>
        ))}
      </Select>
      <p role="status">{count === undefined ? texts.counting : texts.replayEffect(count, url, perSecond)}</p>
    </div>
  );
  return (
    <Confirm
      title={texts.replayTitle}
      isOpen
      onClose={onClose}
      effect={effect}
      action={texts.replay}
      isPending={order.isPending}
      because={count === undefined ? texts.counting : count === 0 ? texts.nothingToReplay : undefined}
      problem={problem}
      onConfirm={() => order.mutate()}
    />
  );
}
