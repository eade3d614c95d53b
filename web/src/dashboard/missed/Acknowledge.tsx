// Acknowledges on behalf of a consumer: what is listed counts as taken.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { useLacks } from '../../api/use.ts';
import { Button } from '../../parts/Button.tsx';
import { Confirm } from '../../parts/Dialog.tsx';
import { Problem } from '../../parts/States.tsx';
import { say } from '../../parts/Toasts.tsx';
import { plural } from '../../words/format.ts';

export interface AcknowledgeProps {
  endpoint: string;
  /** The place behind the last one that is listed. */
  cursor: string;
  count: number;
  isAll: boolean;
}

export function Acknowledge({ endpoint, cursor, count, isAll }: AcknowledgeProps) {
  const queries = useQueryClient();
  const because = useLacks('deliveries:act');
  const [isAsking, setIsAsking] = useState(false);
  const order = useMutation({
    mutationFn: () => posthorn.missed.ack(endpoint, cursor),
    onSuccess: () => {
      setIsAsking(false);
      say(`${plural(count, 'event', 'events')} acknowledged.`);
      for (const key of ['missed', 'undelivered', 'deliveries']) void queries.invalidateQueries({ queryKey: [key] });
    },
  });
  return (
    <div className="page-actions">
      <Button because={because} onPress={() => setIsAsking(true)}>
        {isAll ? `Acknowledge all ${count.toLocaleString('en')}…` : `Acknowledge the first ${count.toLocaleString('en')}…`}
      </Button>
      <Confirm
        title="Acknowledge on behalf of the consumer"
        isOpen={isAsking}
        onClose={() => setIsAsking(false)}
        effect={`Marks ${plural(count, 'event', 'events')} as taken: they count as delivered and are not sent any more. Do this only if the consumer has them from elsewhere.`}
        action={`Acknowledge ${count.toLocaleString('en')}`}
        isDangerous
        isPending={order.isPending}
        problem={order.error && <Problem error={order.error} />}
        onConfirm={() => order.mutate()}
      />
    </div>
  );
}
