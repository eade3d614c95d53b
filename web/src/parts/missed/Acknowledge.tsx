// Acknowledges the missed events that are listed: they count as taken.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { Button } from '../Button.tsx';
import { Confirm } from '../Dialog.tsx';
import { Problem } from '../States.tsx';
import { say } from '../Toasts.tsx';
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
  const queries = useQueryClient();
  const [isAsking, setIsAsking] = useState(false);
  const order = useMutation({
    mutationFn: () => posthorn.missed.ack(endpoint, cursor),
    onSuccess: () => {
      setIsAsking(false);
      say(words.done(count));
      for (const key of ['missed', 'undelivered', 'deliveries', 'delivery']) void queries.invalidateQueries({ queryKey: [key] });
    },
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
