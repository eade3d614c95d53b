// How the bodies of requests are written and signed.
import { Choice } from './form.tsx';
import { Group, Setting } from './Setting.tsx';
import { SigningField } from './signing/SigningField.tsx';
import { TransformField } from './transform/TransformField.tsx';
import { VersionsField } from './versions/VersionsField.tsx';

const formats = {
  standard: 'Standard Webhooks: type, timestamp and data',
  raw: 'Raw: the data alone',
  cloudevents: 'CloudEvents, structured',
  'cloudevents-binary': 'CloudEvents, binary',
  form: 'Form fields',
  xml: 'XML',
};

export function Body() {
  return (
    <Group title="Body and signature" about="What the receiver gets. It must understand the form before you change it.">
      <Setting of="versions">
        <VersionsField />
      </Setting>
      <Setting of="format">
        <Choice name="format" of="format" label="Body" options={formats} />
      </Setting>
      <Setting of="transform">
        <TransformField />
      </Setting>
      <Setting of="signing">
        <SigningField />
      </Setting>
    </Group>
  );
}
