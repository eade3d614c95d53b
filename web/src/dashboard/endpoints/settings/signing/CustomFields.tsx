// The fields of an HMAC signature that the receiver knows already.
import { Select, TextField } from '../../../../parts/Field.tsx';
import { useSettingsForm } from '../form.tsx';
import { type Custom, platforms } from './signing-draft.ts';

const choices = {
  algorithm: { sha256: 'SHA-256', sha512: 'SHA-512', sha1: 'SHA-1' },
  encoding: { hex: 'hex', base64: 'base64' },
  signed: { '{id}.{timestamp}.{body}': 'id.timestamp.body', '{timestamp}.{body}': 'timestamp.body', '{body}': 'the body alone' },
  secretAs: { text: 'its text', hex: 'its bytes, in hex', base64: 'its bytes, in base64' },
};
const choiceLabels = { algorithm: 'Hash', encoding: 'Written in', signed: 'What is signed', secretAs: 'The secret is used as' };

type TextName = 'header' | 'prefix' | 'lead' | 'separator' | 'timestampHeader';
const texts: [TextName, label: string, hint: string][] = [
  ['header', 'Header', 'That carries the signature.'],
  ['prefix', 'Before each signature', 'Such as sha256=. Empty: nothing.'],
  ['lead', 'At the start of the header', 'Such as t={timestamp}. {id} and {timestamp} are filled in.'],
  ['separator', 'Between signatures', 'With one, every live secret signs. Empty: only the newest does.'],
  ['timestampHeader', 'Header with the timestamp', 'Empty: none in addition.'],
];

export function CustomFields({ custom, onChange }: { custom: Custom; onChange: (custom: Custom) => void }) {
  const { refused } = useSettingsForm();
  const platform = Object.keys(platforms).find((name) => isSame(platforms[name], custom)) ?? '';
  return (
    <div className="field-nested">
      <Select label="As" value={platform} onChange={({ target }) => onChange(platforms[target.value] ?? custom)}>
        <option value="">a scheme of your own</option>
        {Object.keys(platforms).map((name) => (
          <option key={name}>{name}</option>
        ))}
      </Select>
      <div className="settings-pair">
        {(Object.keys(choices) as (keyof typeof choices)[]).map((name) => (
          <Select
            key={name}
            label={choiceLabels[name]}
            value={custom[name]}
            onChange={({ target }) => onChange({ ...custom, [name]: target.value })}
          >
            {Object.entries(choices[name]).map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </Select>
        ))}
        {texts.map(([name, label, hint]) => (
          <TextField
            key={name}
            label={label}
            hint={hint}
            value={custom[name] ?? ''}
            problem={refused.find(({ path }) => path === `signing.custom.${name}`)?.message}
            onChange={({ target }) => onChange({ ...custom, [name]: target.value })}
          />
        ))}
      </div>
    </div>
  );
}

const isSame = (one: Custom | undefined, other: Custom) => {
  const sorted = (custom: Custom | undefined) => JSON.stringify(Object.entries(custom ?? {}).sort());
  return sorted(one) === sorted(other);
};
