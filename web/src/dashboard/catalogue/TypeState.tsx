import type { EventTypeSummary } from '@posthorn/client';
import { Tag, type Tone } from '../../parts/Status.tsx';

const states: Record<EventTypeSummary['state'], [tone: Tone, text: string]> = {
  active: ['good', 'Active'],
  deprecated: ['warning', 'Deprecated'],
  sunset: ['bad', 'Past its sunset'],
};

export function TypeState({ type: { state } }: { type: EventTypeSummary }) {
  const [tone, text] = states[state];
  return <Tag tone={tone}>{text}</Tag>;
}
