// Which kinds of alerts a channel gets: all, or those that are checked.
import type { AlertKind } from '@posthorn/client';
import { useId } from 'react';
import { Checkbox } from '../../parts/Field.tsx';
import { useAlertWords } from './words.ts';

export function AlertKinds({ chosen, onChange }: { chosen: AlertKind[] | null; onChange: (chosen: AlertKind[] | null) => void }) {
  const words = useAlertWords();
  const name = useId();
  const kinds = Object.keys(words.alertKinds) as (keyof typeof words.alertKinds)[];
  const toggle = (kind: AlertKind, isOn: boolean) => {
    const others = (chosen ?? []).filter((one) => one !== kind);
    onChange(isOn ? [...others, kind] : others);
  };
  return (
    <fieldset className="pf-choice">
      <legend>{words.form.which}</legend>
      <label className="checkbox">
        <input type="radio" name={name} checked={chosen === null} onChange={() => onChange(null)} />
        <span>{words.all}</span>
      </label>
      <label className="checkbox">
        <input type="radio" name={name} checked={chosen !== null} onChange={() => onChange(['endpoint.failing', 'endpoint.disabled'])} />
        <span>{words.form.some}</span>
      </label>
      {chosen !== null && (
        <div className="alert-kinds">
          {kinds.map((kind) => (
            <Checkbox
              key={kind}
              label={words.alertKinds[kind]}
              checked={chosen.includes(kind)}
              onChange={({ target }) => toggle(kind, target.checked)}
            />
          ))}
        </div>
      )}
    </fieldset>
  );
}
