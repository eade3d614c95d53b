// The condition of an endpoint: a word with a tone.
import type { EndpointCondition } from '@posthorn/client';
import { Tag, type Tone } from '../../parts/Status.tsx';

const shown: Record<EndpointCondition, [tone: Tone, text: string]> = {
  ok: ['good', 'OK'],
  failing: ['bad', 'Failing'],
  blocked: ['bad', 'Blocked'],
  retry_after: ['warning', 'Asked for a wait'],
  paused: ['neutral', 'Paused'],
  unverified: ['warning', 'Not verified'],
  disabled: ['bad', 'Disabled'],
};

export const conditionText = (condition: EndpointCondition) => shown[condition][1];

export function Condition({ condition }: { condition: EndpointCondition }) {
  const [tone, text] = shown[condition];
  return <Tag tone={tone}>{text}</Tag>;
}
