// A secret that the API shows only in the answer that made it.
import { useState } from 'react';
import { Button } from '../../parts/Button.tsx';
import { Copy } from '../../parts/Copy.tsx';
import { Dialog } from '../../parts/Dialog.tsx';
import { Checkbox } from '../../parts/Field.tsx';
import './access.css';

export interface ShownOnceProps {
  title: string;
  /** Of each: what it is, and the text to copy. */
  secrets: [name: string, text: string][];
  hint: string;
  onClose: () => void;
}

export function ShownOnce({ title, secrets, hint, onClose }: ShownOnceProps) {
  const [isKept, setIsKept] = useState(false);
  return (
    <Dialog title={title} isOpen onClose={onClose} isDismissable={false}>
      <p>{hint}</p>
      {secrets.map(([name, text]) => (
        <div key={name} className="shown-once">
          <span className="quiet">{name}</span>
          <code>{text}</code>
          <Copy text={text} what={name.toLowerCase()} />
        </div>
      ))}
      <Checkbox label="I have copied it: it cannot be shown again" checked={isKept} onChange={({ target }) => setIsKept(target.checked)} />
      <div className="dialog-actions">
        <Button tone="primary" because={isKept ? undefined : 'copy it first'} onPress={onClose}>
          Done
        </Button>
      </div>
    </Dialog>
  );
}
