// A setting that is JSON: fields where they can show it, and its text for all else.
import { type ReactNode, useState } from 'react';
import { Button } from '../../../parts/Button.tsx';
import type { DraftField, Setting } from './draft.ts';
import { Area, useSettingsForm } from './form.tsx';

interface AsJsonProps {
  name: DraftField & Setting;
  label: string;
  /** In a sentence: "the signature". */
  what: string;
  hint: string;
  rows: number;
  placeholder: string;
  /** Its fields have a heading of their own. */
  isTitled?: boolean;
  /** Null or undefined: the fields cannot show it. */
  children: ReactNode;
}

export function AsJson({ name, label, what, hint, rows, placeholder, isTitled = false, children }: AsJsonProps) {
  const [isText, setIsText] = useState(false);
  const { isReadOnly, problemOf } = useSettingsForm();
  const showsText = isText || children == null;
  const problem = problemOf(name);
  return (
    <fieldset className="choice-set" disabled={isReadOnly}>
      <legend className={showsText || isTitled ? 'visually-hidden' : ''}>{label}</legend>
      {showsText ? (
        <Area name={name} of={name} rows={rows} label={`${label} as JSON`} placeholder={placeholder} hint={hint} />
      ) : (
        <>
          {children}
          {problem && (
            <p className="field-problem" role="alert">
              {problem}
            </p>
          )}
        </>
      )}
      {children != null && !isReadOnly && (
        <div className="as-json">
          <Button tone="quiet" onPress={() => setIsText(!isText)}>
            {showsText ? `Edit ${what} in fields` : `Edit ${what} as JSON`}
          </Button>
        </div>
      )}
    </fieldset>
  );
}
