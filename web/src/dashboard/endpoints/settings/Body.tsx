// How the bodies of requests are written and signed.
import { Area, Choice } from './form.tsx';
import { Group, Setting } from './Setting.tsx';

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
        <Area
          name="versions"
          of="versions"
          rows={2}
          label="Pinned versions"
          placeholder={'{ "order.created": 1 }'}
          hint="Events of other versions are converted to these. JSON; empty: none."
        />
      </Setting>
      <Setting of="format">
        <Choice name="format" of="format" label="Body" options={formats} />
      </Setting>
      <Setting of="transform">
        <Area
          name="transform"
          of="transform"
          rows={4}
          label="Transform"
          placeholder={'{ "preset": "slack" }'}
          hint="Makes the body by a template, or for Slack, Discord, Teams and PagerDuty. JSON; empty: none."
        />
      </Setting>
      <Setting of="signing">
        <Area
          name="signing"
          of="signing"
          rows={4}
          label="Signature"
          placeholder="Standard Webhooks"
          hint="Only for receivers that expect another scheme. JSON; empty: Standard Webhooks."
        />
      </Setting>
    </Group>
  );
}
