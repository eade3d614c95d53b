// Which kinds of alerts a channel gets: all, or those that are checked.
import type { AlertKind } from '@posthorn/client';
import { type ReactNode, useId } from 'react';
import { Checkbox } from '../Field.tsx';
import { type KindNames, useChannelWords } from './words.ts';

export interface ChannelKindsProps {
  /** Null: all. */
  chosen: AlertKind[] | null;
  names: KindNames;
  problem: ReactNode;
  onChange: (chosen: AlertKind[] | null) => void;
}

export function ChannelKinds({ chosen, names, problem, onChange }: ChannelKindsProps) {
  const words = useChannelWords();
  const name = useId();
  const toggle = (kind: AlertKind, isOn: boolean) => {
    const others = (chosen ?? []).filter((one) => one !== kind);
    onChange(isOn ? [...others, kind] : others);
  };
  return (
    <fieldset className="choice-set">
      <legend>{words.which}</legend>
      <label className="checkbox">
        <input type="radio" name={name} checked={chosen === null} onChange={() => onChange(null)} />
        <span>{words.all}</span>
      </label>
      <label className="checkbox">
        <input type="radio" name={name} checked={chosen !== null} onChange={() => onChange(['endpoint.failing', 'endpoint.disabled'])} />
        <span>{words.some}</span>
      </label>
      {chosen !== null && (
        <div className="channel-kind-list">
          {(Object.keys(names) as AlertKind[]).map((kind) => (
            <Checkbox
              key={kind}
              label={names[kind]}
              checked={chosen.includes(kind)}
              onChange={({ target }) => toggle(kind, target.checked)}
            />
          ))}
        </div>
      )}
      {problem && (
        <p className="field-problem" role="alert">
          {problem}
        </p>
      )}
    </fieldset>
  );
}
