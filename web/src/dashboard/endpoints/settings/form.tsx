// What the fields of the settings share: the draft, what each change does, and what is wrong with it.
import type { ChangePreview } from '@posthorn/client';
import { createContext, type ReactNode, useContext } from 'react';
import { Checkbox, Select, TextArea, TextField } from '../../../parts/Field.tsx';
import type { Draft, DraftField, Setting } from './draft.ts';

export interface SettingsForm {
  draft: Draft;
  set: (field: DraftField, value: string) => void;
  isReadOnly: boolean;
  /** What is wrong with it, as the form, the preview or the refused change say. */
  problemOf: (setting: Setting) => ReactNode;
  /** What the change does; undefined: it is not changed, or not known yet. */
  effectOf: (setting: Setting) => ChangePreview['effects'][number] | undefined;
  sample: ChangePreview['sample'];
  /** What the API has refused, by the paths of the request. */
  refused: readonly { path: string; message: string }[];
}

const Form = createContext<SettingsForm | null>(null);
export const SettingsFormProvider = Form;

export function useSettingsForm(): SettingsForm {
  const form = useContext(Form);
  if (!form) throw new Error('a field of the settings is outside of their form');
  return form;
}

interface OneField {
  name: DraftField;
  /** The first field of a setting shows what is wrong with the setting. */
  of?: Setting;
  label: string;
  hint?: ReactNode;
  placeholder?: string;
}

function useField({ name, of, label, hint, placeholder }: OneField) {
  const { draft, set, isReadOnly, problemOf } = useSettingsForm();
  return {
    label,
    hint,
    ...(placeholder !== undefined && { placeholder }),
    value: draft[name],
    disabled: isReadOnly,
    problem: of && problemOf(of),
    onChange: ({ target }: { target: { value: string } }) => set(name, target.value),
  };
}

export function Text({ secret = false, ...field }: OneField & { secret?: boolean }) {
  return <TextField {...useField(field)} {...(secret && { autoComplete: 'off', className: 'input' })} />;
}

export function Numeric(field: OneField) {
  return <TextField inputMode="decimal" {...useField(field)} />;
}

export function Area({ rows = 3, ...field }: OneField & { rows?: number }) {
  return <TextArea rows={rows} {...useField(field)} />;
}

export function Choice({ options, ...field }: OneField & { options: Record<string, string> }) {
  return (
    <Select {...useField(field)}>
      {Object.entries(options).map(([value, text]) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </Select>
  );
}

export function Check({ name, label, hint }: OneField) {
  const { draft, set, isReadOnly } = useSettingsForm();
  return (
    <Checkbox
      label={label}
      hint={hint}
      disabled={isReadOnly}
      checked={draft[name] === 'yes'}
      onChange={({ target }) => set(name, target.checked ? 'yes' : '')}
    />
  );
}
