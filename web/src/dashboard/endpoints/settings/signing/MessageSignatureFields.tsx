// The fields of HTTP Message Signatures.
import { Checkbox, Select, TextField } from '../../../../parts/Field.tsx';
import { useSettingsForm } from '../form.tsx';
import { alwaysCovered, type Component, components, coveredBy, type Message } from './signing-draft.ts';

const algorithms = { ed25519: 'ed25519, with the key of the tenant', 'hmac-sha256': 'HMAC-SHA256, with the secret of the endpoint' };
const isFixed = (component: Component) => (alwaysCovered as readonly string[]).includes(component);

export function MessageSignatureFields({ message, onChange }: { message: Message; onChange: (message: Message) => void }) {
  const { refused } = useSettingsForm();
  const covered = coveredBy(message);
  const toggle = (component: Component) =>
    onChange({ ...message, components: components.filter((one) => covered.includes(one) !== (one === component)) });
  return (
    <div className="field-nested">
      <Select
        label="Algorithm"
        value={message.algorithm}
        onChange={({ target }) => onChange({ ...message, algorithm: target.value as Message['algorithm'] })}
      >
        {Object.entries(algorithms).map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </Select>
      <TextField
        label="Label of the signature"
        placeholder="posthorn"
        value={message.label ?? ''}
        problem={refused.find(({ path }) => path === 'signing.messageSignatures.label')?.message}
        onChange={({ target }) => onChange({ ...message, label: target.value })}
      />
      <fieldset className="field-set">
        <legend>What it covers</legend>
        {components.map((component) => (
          <Checkbox
            key={component}
            label={<code>{component}</code>}
            checked={covered.includes(component)}
            disabled={isFixed(component)}
            onChange={() => toggle(component)}
          />
        ))}
      </fieldset>
    </div>
  );
}
