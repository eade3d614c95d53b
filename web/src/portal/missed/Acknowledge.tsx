// Acknowledges what is listed: it counts as taken.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { Button } from '../../parts/Button.tsx';
import { Confirm } from '../../parts/Dialog.tsx';
import { Problem } from '../../parts/States.tsx';
import { say } from '../../parts/Toasts.tsx';
import { useForbidden } from '../shared-words.ts';
import { useTexts } from '../shell/words/language.tsx';
import { missedTexts } from './texts.ts';

export interface AcknowledgeProps {
  endpoint: string;
  /** The place behind the last one that is listed. */
  cursor: string;
  count: number;
  isAll: boolean;
}

export function Acknowledge({ endpoint, cursor, count, isAll }: AcknowledgeProps) {
  const texts = useTexts(missedTexts);
  const queries = useQueryClient();
  const because = useForbidden('deliveries:act');
  const [isAsking, setIsAsking] = useState(false);
  const order = useMutation({
    mutationFn: () => posthorn.missed.ack(endpoint, cursor),
    onSuccess: () => {
      setIsAsking(false);
      say(texts.done(texts.events(count)));
      for (const key of ['missed', 'deliveries', 'delivery']) void queries.invalidateQueries({ queryKey: [key] });
    },
  });
  const action = texts.acknowledge(texts.events(count), isAll);
  return (
    <div className="page-actions">
      <Button because={because} onPress={() => setIsAsking(true)}>
        {action} …
      </Button>
      <Confirm
        title={texts.confirmTitle}
        isOpen={isAsking}
        onClose={() => setIsAsking(false)}
        effect={texts.effect(texts.events(count))}
        action={action}
        isDangerous
        isPending={order.isPending}
        problem={order.error && <Problem error={order.error} />}
        onConfirm={() => order.mutate()}
      />
    </div>
  );
}
