// The attempts of a delivery, newest first, each with its timing to scale. An attempt that is open shows its request and response.
import type { Attempt, AttemptDetails } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { Fragment, useId } from 'react';
import { posthorn } from '../../api/client.ts';
import { duration } from '../../words/format.ts';
import { endingInGerman } from '../../words/german/outcomes.ts';
import { useWords } from '../../words/words.tsx';
import { Sentence } from '../Sentence.tsx';
import { Problem } from '../States.tsx';
import { Tag } from '../Status.tsx';
import { Time } from '../Time.tsx';
import { Exchange } from './Exchange.tsx';
import { Waterfall } from './Waterfall.tsx';
import { useAttemptWords } from './words.ts';
import './attempt-list.css';

export interface AttemptListProps {
  attempts: readonly Attempt[];
  /** Ids of those that show request and response. */
  open: ReadonlySet<string>;
  onToggle: (id: string) => void;
}

export function AttemptList({ attempts, open, onToggle }: AttemptListProps) {
  const words = useAttemptWords();
  const longestMs = Math.max(...attempts.map(({ timings }) => timings.totalMs));
  const hasRounds = attempts.some(({ round }) => round > 1);
  return (
    <ol className="attempts">
      {attempts.map((attempt, index) => (
        <Fragment key={attempt.id}>
          {hasRounds && attempts[index - 1]?.round !== attempt.round && (
            <li className="attempts-round">{attempt.round === 1 ? words.firstRound : words.round(attempt.round)}</li>
          )}
          <AttemptRow attempt={attempt} longestMs={longestMs} isOpen={open.has(attempt.id)} onToggle={onToggle} />
        </Fragment>
      ))}
    </ol>
  );
}

interface RowProps {
  attempt: Attempt;
  longestMs: number;
  isOpen: boolean;
  onToggle: (id: string) => void;
}

function AttemptRow({ attempt, longestMs, isOpen, onToggle }: RowProps) {
  const { locale } = useWords();
  const words = useAttemptWords();
  const id = useId();
  const { number, probe, outcome, status, message, startedAt, timings } = attempt;
  return (
    <li className="attempt">
      <button
        type="button"
        className="attempt-row"
        data-row={attempt.id}
        aria-expanded={isOpen}
        {...(isOpen && { 'aria-controls': id })}
        onClick={() => onToggle(attempt.id)}
      >
        <span className="attempt-number">
          {words.attempt(number)}
          {probe && <span className="quiet"> {words.probe}</span>}
        </span>
        <span className="attempt-outcome">
          <Tag tone={outcome === 'accepted' ? 'good' : 'bad'}>{status ?? words.noAnswer}</Tag>
        </span>
        <span className="attempt-message">
          <Sentence text={message} german={() => endingInGerman(outcome, status)} />
        </span>
        <span className="attempt-bar">
          <Waterfall timings={timings} longestMs={longestMs} />
        </span>
        <span className="attempt-took">{duration(timings.totalMs, locale)}</span>
        <span className="attempt-time">
          <Time at={startedAt} />
        </span>
      </button>
      {isOpen && (
        <div id={id}>
          <InFull attempt={attempt} />
        </div>
      )}
    </li>
  );
}

function InFull({ attempt }: { attempt: Attempt }) {
  const { data, error, refetch } = useQuery(attemptQuery(attempt));
  return (
    <>
      <Exchange attempt={attempt} details={data} />
      {error && !data && <Problem error={error} onRetry={() => void refetch()} />}
    </>
  );
}

/** An attempt in full. It never changes, except that its secret may be rotated or its event erased. */
export function attemptQuery({ id, delivery }: Attempt) {
  return {
    queryKey: ['attempt', delivery, id],
    queryFn: ({ signal }: { signal: AbortSignal }): Promise<AttemptDetails> => posthorn.deliveries.attempt(delivery, id, { signal }),
    staleTime: 60_000,
  };
}
