// The attempts that follow if each fails, and when the delivery is given up.
import type { DeliveryExplanation } from '@posthorn/client';
import { Time } from '../../parts/Time.tsx';
import { useTexts } from '../shell/words/language.tsx';
import { deliveryTexts } from './texts.ts';

const shown = 3;

export function WhatNext({ next: { attempts, attemptsLeft, endsAt } }: { next: DeliveryExplanation['next'] }) {
  const texts = useTexts(deliveryTexts);
  if (attempts.length === 0) return null;
  const more = attemptsLeft - Math.min(attempts.length, shown);
  return (
    <ol className="delivery-next" aria-label={texts.next}>
      {attempts.slice(0, shown).map(({ number, earliestAt }) => (
        <li key={number}>
          {texts.attempt(number)} <Time at={earliestAt} />
        </li>
      ))}
      {more > 0 && <li>{texts.moreAttempts(more)}</li>}
      {endsAt && (
        <li>
          {texts.givenUp} <Time at={endsAt} isDate />
        </li>
      )}
    </ol>
  );
}
