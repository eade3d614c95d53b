// Labelled inputs. The label is always visible, the hint and the problem belong to the input for screen readers too.
import { type ComponentProps, type ReactNode, useId } from 'react';
import './field.css';

interface Labelled {
  label: string;
  hint?: ReactNode;
  /** What is wrong with the value, in the words of the API where it has some. */
  problem?: ReactNode;
}

interface InputProps {
  id: string;
  'aria-describedby': string | undefined;
  'aria-invalid': boolean | undefined;
}

/** For an input of any kind: `children` gets what it must carry. */
function Field({ label, hint, problem, children }: Labelled & { children: (props: InputProps) => ReactNode }) {
  const id = useId();
  const described = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(' ');
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, 'aria-describedby': described || undefined, 'aria-invalid': problem ? true : undefined })}
      {hint && (
        <div className="field-hint" id={`${id}-hint`}>
          {hint}
        </div>
      )}
      {problem && (
        <div className="field-problem" id={`${id}-problem`} role="alert">
          {problem}
        </div>
      )}
    </div>
  );
}

export function TextField({ label, hint, problem, ...props }: Labelled & ComponentProps<'input'>) {
  return (
    <Field label={label} hint={hint} problem={problem}>
      {(given) => <input type="text" autoComplete="off" spellCheck={false} {...props} {...given} className="input" />}
    </Field>
  );
}

export function TextArea({ label, hint, problem, ...props }: Labelled & ComponentProps<'textarea'>) {
  return (
    <Field label={label} hint={hint} problem={problem}>
      {(given) => <textarea rows={4} autoComplete="off" spellCheck={false} {...props} {...given} className="input" />}
    </Field>
  );
}

export function Select({ label, hint, problem, children, ...props }: Labelled & ComponentProps<'select'>) {
  return (
    <Field label={label} hint={hint} problem={problem}>
      {(given) => (
        <select {...props} {...given} className="input">
          {children}
        </select>
      )}
    </Field>
  );
}

export function Checkbox({ label, hint, ...props }: { label: ReactNode; hint?: ReactNode } & ComponentProps<'input'>) {
  return (
    <label className="checkbox">
      <input {...props} type="checkbox" />
      <span>
        {label}
        {hint && <span className="field-hint">{hint}</span>}
      </span>
    </label>
  );
}
