// What happens next: the attempts that follow if each fails, and when the delivery is given up.
import type { DeliveryExplanation } from '@posthorn/client';
import { Time } from '../../parts/Time.tsx';

const shown = 3;

export function WhatNext({ next }: { next: DeliveryExplanation['next'] }) {
  const { attempts, attemptsLeft, endsAt } = next;
  if (attemptsLeft === 0) return null;
  if (attempts.length === 0) return <p className="quiet">{attemptsLeft} attempts are left; their times are not known yet.</p>;
  const more = attemptsLeft - Math.min(attempts.length, shown);
  return (
    <ol className="what-next" aria-label="What happens next">
      {attempts.slice(0, shown).map(({ number, earliestAt, latestAt }) => (
        <li key={number}>
          Attempt {number} <Time at={earliestAt} />
          {Date.parse(latestAt) - Date.parse(earliestAt) > 60_000 && (
            <span className="quiet">
              {' '}
              (at the latest <Time at={latestAt} />)
            </span>
          )}
        </li>
      ))}
      {more > 0 && <li>{more} more if they fail too</li>}
      {endsAt && (
        <li>
          Given up <Time at={endsAt} /> at the latest
        </li>
      )}
    </ol>
  );
}
