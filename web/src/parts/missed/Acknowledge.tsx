// Acknowledges the missed events that are listed: they count as taken.
import { useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { Button } from '../Button.tsx';
import { Confirm } from '../Dialog.tsx';
import { Problem } from '../States.tsx';
import { say } from '../Toasts.tsx';
import { useOrder } from '../use-order.ts';
import type { MissedWords } from './words.ts';

export interface AcknowledgeProps {
  endpoint: string;
  words: MissedWords;
  /** Why it cannot be done. */
  because: string | undefined;
  /** The place behind the last one that is listed. */
  cursor: string;
  count: number;
  isAll: boolean;
}

export function Acknowledge({ endpoint, words, because, cursor, count, isAll }: AcknowledgeProps) {
  const [isAsking, setIsAsking] = useState(false);
  const order = useOrder({
    send: () => posthorn.missed.ack(endpoint, cursor),
    onDone: () => say(words.done(count)),
    onward: () => setIsAsking(false),
    changes: [['missed'], ['undelivered'], ['deliveries'], ['delivery']],
  });
  return (
    <div className="page-actions">
      <Button because={because} onPress={() => setIsAsking(true)}>
        {words.acknowledge(count, isAll)}
      </Button>
      <Confirm
        title={words.confirmTitle}
        isOpen={isAsking}
        onClose={() => setIsAsking(false)}
        effect={words.effect(count)}
        action={words.confirm(count, isAll)}
        isDangerous
        isPending={order.isPending}
        problem={order.error && <Problem error={order.error} />}
        onConfirm={() => order.mutate()}
      />
    </div>
  );
}
