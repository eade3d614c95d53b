// Which scopes a key or a link gets: only those that the person may give.
import type { Scope } from '@posthorn/client';
import type { ReactNode } from 'react';
import { useSignedIn } from '../../api/use.ts';
import { Checkbox } from '../../parts/Field.tsx';
import { scopeWords } from './scopes.ts';

export interface ScopeChoiceProps {
  legend: string;
  chosen: readonly Scope[];
  onChange: (chosen: Scope[]) => void;
  /** Portal links are never administrators. */
  withoutAdmin?: boolean;
  problem?: ReactNode;
}

export function ScopeChoice({ legend, chosen, onChange, withoutAdmin = false, problem }: ScopeChoiceProps) {
  const signedIn = useSignedIn();
  const own = signedIn.state === 'signed_out' ? [] : signedIn.credential.scopes;
  const toggle = (scope: Scope, isOn: boolean) => onChange(isOn ? [...chosen, scope] : chosen.filter((one) => one !== scope));
  return (
    <fieldset className="scope-choice">
      <legend>{legend}</legend>
      {scopeWords
        .filter(([scope]) => !(withoutAdmin && scope === 'admin'))
        .map(([scope, words]) => (
          <Checkbox
            key={scope}
            label={
              <>
                <code>{scope}</code> {words}
              </>
            }
            checked={chosen.includes(scope)}
            disabled={!own.includes('admin') && !own.includes(scope)}
            onChange={({ target }) => toggle(scope, target.checked)}
          />
        ))}
      {problem && (
        <div className="field-problem" role="alert">
          {problem}
        </div>
      )}
    </fieldset>
  );
}
