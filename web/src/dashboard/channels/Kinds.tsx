// Which kinds of alerts a channel gets: all, or those that are checked.
import type { AlertKind } from '@posthorn/client';
import { useId } from 'react';
import { alertKindWords, operatorKinds } from '../../parts/alert-kinds.ts';
import { Checkbox } from '../../parts/Field.tsx';

export interface KindsProps {
  /** Null: all. */
  chosen: AlertKind[] | null;
  /** A channel of a tenant never gets what is about the installation. */
  isOperators: boolean;
  onChange: (chosen: AlertKind[] | null) => void;
}

export function Kinds({ chosen, isOperators, onChange }: KindsProps) {
  const name = useId();
  const kinds = (Object.keys(alertKindWords) as AlertKind[]).filter((kind) => isOperators || !operatorKinds.has(kind));
  const toggle = (kind: AlertKind, isOn: boolean) => {
    const others = (chosen ?? []).filter((one) => one !== kind);
    onChange(isOn ? [...others, kind] : others);
  };
  return (
    <fieldset className="channel-kinds">
      <legend>Which alerts?</legend>
      <label className="checkbox">
        <input type="radio" name={name} checked={chosen === null} onChange={() => onChange(null)} />
        <span>All alerts</span>
      </label>
      <label className="checkbox">
        <input type="radio" name={name} checked={chosen !== null} onChange={() => onChange(['endpoint.failing', 'endpoint.disabled'])} />
        <span>Only these</span>
      </label>
      {chosen !== null && (
        <div className="channel-kind-list">
          {kinds.map((kind) => (
            <Checkbox
              key={kind}
              label={alertKindWords[kind]}
              checked={chosen.includes(kind)}
              onChange={({ target }) => toggle(kind, target.checked)}
            />
          ))}
        </div>
      )}
    </fieldset>
  );
}
