// One of the three steps: its number, whether it is done, and what to do.
import type { ReactNode } from 'react';

export interface StepProps {
  number: number;
  title: string;
  isDone: boolean;
  /** False: an earlier step comes first. */
  isOpen: boolean;
  children: ReactNode;
}

export function Step({ number, title, isDone, isOpen, children }: StepProps) {
  const state = isDone ? 'done' : isOpen ? 'now' : 'later';
  return (
    <li className={`step step-${state}`} {...(state === 'now' && { 'aria-current': 'step' as const })}>
      <span className="step-mark" aria-hidden="true">
        {isDone ? '✓' : number}
      </span>
      <div className="step-body">
        <h2>
          {title}
          {isDone && <span className="visually-hidden"> (done)</span>}
        </h2>
        {isOpen && children}
      </div>
    </li>
  );
}
