// What a check of `posthorn doctor` has found: how bad it is, what is wrong, and what to do.

export const levels = ['ok', 'warning', 'error'] as const;
export type Level = (typeof levels)[number];

export interface Finding {
  /** Such as `postgres.version`. */
  check: string;
  level: Level;
  message: string;
  /** What to do. Null: nothing. */
  advice: string | null;
  /** A store that Posthorn needs does not answer. */
  unreachable?: true;
}

/** The findings of one check. */
export interface Findings {
  ok(message: string): Finding[];
  warning(message: string, advice: string): Finding[];
  error(message: string, advice: string): Finding[];
  unreachable(message: string, advice: string): Finding[];
}

export function findingsOf(check: string): Findings {
  return {
    ok: (message) => [{ check, level: 'ok', message, advice: null }],
    warning: (message, advice) => [{ check, level: 'warning', message, advice }],
    error: (message, advice) => [{ check, level: 'error', message, advice }],
    unreachable: (message, advice) => [{ check, level: 'error', message, advice, unreachable: true }],
  };
}

/** The message of an error, or of the errors of all addresses of a host. */
export function wordsOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return [...new Set(error.errors.map(wordsOf))].join('; ');
  return error instanceof Error && error.message !== '' ? error.message : String(error);
}
