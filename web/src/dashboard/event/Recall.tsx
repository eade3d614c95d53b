// Recalls an event, after its effect was said.
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { useLacks } from '../../api/use.ts';
import { Button } from '../../parts/Button.tsx';
import { useCommands } from '../../parts/commands.ts';
import { Confirm } from '../../parts/Dialog.tsx';
import { Problem } from '../../parts/States.tsx';
import { say } from '../../parts/Toasts.tsx';
import { useOrder } from '../../parts/use-order.ts';
import type { Way } from './fan-out.ts';
import type { EventInFull } from './use-event.ts';

const endpoints = (count: number) => `${count.toLocaleString('en')} ${count === 1 ? 'endpoint' : 'endpoints'}`;

export function Recall({ event, ways }: { event: EventInFull; ways: readonly Way[] }) {
  const [isOpen, setIsOpen] = useState(false);
  const lacks = useLacks('events:write');
  const queries = useQueryClient();
  const key = ['event', event.tenant, event.id];
  const { mutate, error, isPending, reset } = useOrder({
    send: () => posthorn.events.recall(event.tenant, event.id),
    onDone: ({ data }) => {
      const stopped = data.filter(({ recalled }) => recalled).length;
      const had = data.filter(({ alreadySent }) => alreadySent).length;
      say(`Recalled: it is not sent to ${endpoints(stopped)} any more; ${endpoints(had)} got it before.`);
    },
    onward: () => setIsOpen(false),
    changes: [key],
    // it may have been recalled by somebody else
    onError: () => void queries.invalidateQueries({ queryKey: key }),
  });
  const because = lacks ?? (event.recalledAt === null ? undefined : 'it was recalled already');
  const had = ways.filter(({ code }) => code === 'delivered' || code === 'taken').length;
  const unfinished = ways.filter(
    ({ isSent, code }) => isSent && !['delivered', 'taken', 'cancelled', 'expired', 'endpoint_deleted'].includes(code),
  );
  const open = () => {
    reset();
    setIsOpen(true);
  };
  useCommands([{ id: 'recall', text: 'Recall', because, act: open }]);
  return (
    <>
      <Button tone="danger" because={because} onPress={open}>
        Recall
      </Button>
      <Confirm
        title="Recall this event?"
        isOpen={isOpen}
        onClose={() => setIsOpen(false)}
        effect={
          <p>
            {event.type} is not sent to {endpoints(unfinished.length)} any more, and later replays of it are refused. {endpoints(had)} got
            it already: that cannot be taken back. A recall cannot be undone.
          </p>
        }
        action="Recall the event"
        isDangerous
        isPending={isPending}
        onConfirm={() => mutate()}
        problem={error && <Problem error={error} />}
      />
    </>
  );
}
