// Cancels the selected deliveries one after the other, once somebody has confirmed it.
import { useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { plural } from '../../words/format.ts';
import { Button } from '../Button.tsx';
import { Confirm } from '../Dialog.tsx';
import { tellBulk } from './tell-bulk.ts';
import { useBulk } from './use-bulk.ts';

export interface CancelSelectedProps {
  selected: ReadonlySet<string>;
  because: string | undefined;
  /** With those that were refused. */
  onDone: (left: string[]) => void;
}

export function CancelSelected({ selected, because, onDone }: CancelSelectedProps) {
  const [isAsking, setIsAsking] = useState(false);
  const { progress, run } = useBulk();
  const cancel = async () => {
    const result = await run([...selected], (id) => posthorn.deliveries.cancel(id));
    setIsAsking(false);
    tellBulk(result, 'cancelled');
    onDone(result.refused.map(({ id }) => id));
  };
  return (
    <>
      <Button tone="danger" because={because} onPress={() => setIsAsking(true)}>
        Cancel…
      </Button>
      <Confirm
        title="Cancel deliveries"
        isOpen={isAsking}
        onClose={() => progress === null && setIsAsking(false)}
        effect={
          progress
            ? `${progress.done.toLocaleString('en')} of ${progress.of.toLocaleString('en')}…`
            : `Cancels ${plural(selected.size, 'delivery', 'deliveries')} for good: they cannot be replayed afterwards, and their endpoints never get them.`
        }
        action={`Cancel ${plural(selected.size, 'delivery', 'deliveries')}`}
        isDangerous
        isPending={progress !== null}
        onConfirm={() => void cancel()}
      />
    </>
  );
}
