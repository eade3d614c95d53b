// What a page shows in place of its data: loading, empty, failed.
import { type FieldError, PosthornConnectionError, PosthornProblem } from '@posthorn/client';
import { type ReactNode, useEffect, useState } from 'react';
import { isPassing } from '../api/queries.ts';
import { useConnection } from '../api/use.ts';
import type { ProblemCode, Words } from '../words/en.ts';
import { duration } from '../words/format.ts';
import { useWords } from '../words/words.tsx';
import { Button } from './Button.tsx';
import { Fault } from './Fault.tsx';
import './states.css';

/** Grey bars of the final size. They appear after 300 ms, so that a quick answer does not flicker. */
export function Skeleton({ rows = 8 }: { rows?: number }) {
  const words = useWords();
  const [isVisible, setIsVisible] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIsVisible(true), 300);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className={`skeleton${isVisible ? ' skeleton-visible' : ''}`} role="status" aria-label={words.loading}>
      {Array.from({ length: rows }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all the same
        <span key={index} />
      ))}
    </div>
  );
}

/** Why there is nothing, and what fills it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/**
 * What the API said, in the language of the page where that has words for the code. No answer: a sentence of ours. `isRead`: nothing was
 * ordered, though it may have been asked with a POST.
 */
export function detailOf(error: unknown, { problems, failed, unanswered }: Words, isRead = false): string {
  if (!(error instanceof PosthornProblem)) return !isRead && isUnconfirmed(error) ? unanswered : failed;
  return problems[error.code as ProblemCode] ?? error.detail;
}

const isUnconfirmed = (error: unknown) => error instanceof PosthornConnectionError && error.isUnconfirmed;

export const isTranslated = (error: unknown, { problems }: Words) =>
  !(error instanceof PosthornProblem) || problems[error.code as ProblemCode] != null;

/** The refusal of the API, with the id by which the log knows the request. `onRetry`: of what was only read. */
export function Problem({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const words = useWords();
  const isSaidByBar = useSaidByBar(error);
  if (isSaidByBar) return null;
  const problem = error instanceof PosthornProblem ? error : null;
  return (
    <div className="problem" role="alert">
      <p lang={isTranslated(error, words) ? words.locale : 'en'}>{detailOf(error, words, onRetry !== undefined)}</p>
      {problem && problem.errors.length > 0 && (
        <ul>
          {problem.errors.map((one) => (
            <li key={`${one.path} ${one.message}`}>
              <code>{one.path}</code> <Fault of={one} />
            </li>
          ))}
        </ul>
      )}
      {problem?.retryAfterMs != null && <p>{words.tryAgainIn(duration(problem.retryAfterMs, words.locale))}</p>}
      {problem?.requestId && (
        <p className="quiet">
          {words.requestId} <code>{problem.requestId}</code>
        </p>
      )}
      {onRetry && <Button onPress={onRetry}>{words.retry}</Button>}
    </div>
  );
}

/**
 * Whether the bar over the page tells of it: Posthorn is away, and what failed is read again when it is back. For a moment
 * after that, too, until the answer is here.
 */
function useSaidByBar(error: unknown): boolean {
  const isAway = useConnection() !== 'ok';
  const [isTold, setIsTold] = useState(isAway);
  useEffect(() => {
    if (isAway) return setIsTold(true);
    const timer = setTimeout(() => setIsTold(false), 2_000);
    return () => clearTimeout(timer);
  }, [isAway]);
  return (isAway || isTold) && isPassing(error);
}

/** What a refused request has wrong in one field. @example problemAt(error, 'url') */
export function problemAt(error: unknown, path: string): ReactNode {
  const [first] = faultsAt(error, path);
  return first && <Fault of={first} />;
}

/** All of it, also in the parts of the field. */
export function faultsAt(error: unknown, path: string): FieldError[] {
  if (!(error instanceof PosthornProblem)) return [];
  return error.errors.filter((one) => one.path === path || one.path.startsWith(`${path}.`) || one.path.startsWith(`${path}[`));
}
