// The status of a delivery: a dot with a shape, and the word. Never a colour alone.
import type { DeliveryStatus } from '@posthorn/client';
import type { ReactNode } from 'react';
import { useWords } from '../words/words.tsx';
import type { Tone } from './tone.ts';
import './status.css';

export type { Tone } from './tone.ts';

export const toneOf: Record<DeliveryStatus, Tone> = {
  pending: 'neutral',
  retrying: 'warning',
  held: 'neutral',
  succeeded: 'good',
  dead_lettered: 'bad',
  quarantined: 'bad',
  cancelled: 'muted',
  expired: 'muted',
};

/** Anything with a tone: a state of an endpoint, the severity of an alert. */
export function Tag({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className={`tag tag-${tone}`}>
      <span className="tag-dot" aria-hidden />
      {children}
    </span>
  );
}

export function Status({ status, more }: { status: DeliveryStatus; more?: ReactNode }) {
  const words = useWords();
  return (
    <Tag tone={toneOf[status]}>
      {words.status[status]}
      {more}
    </Tag>
  );
}
