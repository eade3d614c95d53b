// Skips the dead letter that blocks an order.
import type { LaneQueue } from '@posthorn/client';
import { posthorn } from '../../../api/client.ts';
import { useLacks } from '../../../api/use.ts';
import { Confirm } from '../../../parts/Dialog.tsx';
import { Problem } from '../../../parts/States.tsx';
import { say } from '../../../parts/Toasts.tsx';
import { useOrder } from '../../../parts/use-order.ts';
import { count } from '../../../words/format.ts';

export function SkipHead({ endpoint, queue, onClose }: { endpoint: string; queue: LaneQueue; onClose: () => void }) {
  const because = useLacks('deliveries:act');
  const { orderingKey, held, heldIsMore } = queue;
  const { mutate, error, isPending } = useOrder({
    send: () => posthorn.endpoints.skipHead(endpoint, orderingKey ?? undefined),
    onDone: () => say('The dead letter is skipped. The order goes on.'),
    onward: onClose,
    changes: [['endpoint', endpoint]],
  });
  const after = held === 0 ? 'None waits behind it.' : `${heldIsMore ? 'More than ' : ''}${count(held, 'en')} behind it can then be sent.`;
  return (
    <Confirm
      title="Skip the dead letter?"
      isOpen
      onClose={onClose}
      effect={
        <p>
          The order{orderingKey === null ? '' : ` of ${orderingKey}`} goes on with the delivery after it. {after} The receiver gets a gap in
          its sequence numbers. The dead letter keeps its status, and can still be replayed, out of order.
        </p>
      }
      action="Skip the dead letter"
      isDangerous
      isPending={isPending}
      because={because}
      onConfirm={() => mutate()}
      problem={error && <Problem error={error} />}
    />
  );
}
