// Releases the selected deliveries: their attempts go on.
import { posthorn } from '../../api/client.ts';
import { Button } from '../../parts/Button.tsx';
import type { CancelSelectedProps } from '../../parts/undelivered/CancelSelected.tsx';
import { tellBulk } from '../../parts/undelivered/tell-bulk.ts';
import { useBulk } from '../../parts/undelivered/use-bulk.ts';

export function ReleaseSelected({ selected, because, onDone }: CancelSelectedProps) {
  const { progress, run } = useBulk();
  const release = async () => {
    const result = await run([...selected], (id) => posthorn.deliveries.release(id));
    tellBulk(result, 'released');
    onDone(result.refused.map(({ id }) => id));
  };
  return (
    <Button tone="primary" because={because} isPending={progress !== null} onPress={() => void release()}>
      {progress ? `Releasing ${progress.done.toLocaleString('en')} of ${progress.of.toLocaleString('en')}` : 'Release'}
    </Button>
  );
}
