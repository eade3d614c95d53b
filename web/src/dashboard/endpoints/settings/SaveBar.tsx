// The bar at the foot of the settings: what is changed, and saving it. A change with cautions is confirmed first.
import type { ChangePreview } from '@posthorn/client';
import { useState } from 'react';
import { Button } from '../../../parts/Button.tsx';
import { ChangedMeanwhile, type ChangedMeanwhileProps } from '../../../parts/ChangedMeanwhile.tsx';
import { Confirm } from '../../../parts/Dialog.tsx';
import { Problem } from '../../../parts/States.tsx';

export interface SaveBarProps {
  /** How many settings are changed. */
  changes: number;
  effects: ChangePreview['effects'];
  /** Why it cannot be saved. */
  because: string | undefined;
  isPending: boolean;
  error: unknown;
  onSave: () => void;
  onDiscard: () => void;
  /** Changed by somebody else meanwhile. */
  overtaken: ChangedMeanwhileProps['changed'];
  onTake: () => void;
}

export function SaveBar(props: SaveBarProps) {
  const { changes, effects, because, isPending, error, onSave, onDiscard, overtaken, onTake } = props;
  const [isOpen, setIsOpen] = useState(false);
  const cautions = effects.filter(({ caution }) => caution);
  const number = `${changes} ${changes === 1 ? 'change' : 'changes'}`;
  const save = () => {
    setIsOpen(false);
    onSave();
  };
  if (changes === 0) return null;
  return (
    <section className="save-bar" aria-label="Changes">
      {error !== null && <Problem error={error} />}
      <ChangedMeanwhile changed={overtaken} onTake={onTake} />
      <p role="status">
        {number}
        {cautions.length > 0 && <span className="caution"> · {cautions.length} to be careful with</span>}
      </p>
      <Button onPress={onDiscard}>Discard</Button>
      <Button tone="primary" because={because} isPending={isPending} onPress={cautions.length > 0 ? () => setIsOpen(true) : save}>
        Save {number}
      </Button>
      <Confirm
        title={`Save ${number}?`}
        isOpen={isOpen}
        onClose={() => setIsOpen(false)}
        effect={
          <ul className="save-effects">
            {effects.map(({ path, effect, caution }) => (
              <li key={path} className={caution ? 'caution' : ''}>
                <code>{path}</code> {effect}
              </li>
            ))}
          </ul>
        }
        action={`Save ${number}`}
        onConfirm={save}
      />
    </section>
  );
}
