// Whose fault a failed exchange is: the code of its error as the table of `domain/outcome` knows it, read from whatever was thrown.
import { type Refusal, refusalOfErrorCode } from '#domain/outcome';

interface Failure {
  refusal: Refusal;
  code: string;
}

/** The endpoint's refusal that an error stands for; null: the fault is our own. */
export function failureOf(error: Error): Failure | null {
  for (const code of codesOf(error)) {
    const refusal = refusalOfErrorCode(code);
    if (refusal) return { refusal, code };
  }
  return null;
}

/** Several addresses tried in vain fail together: any of them may say that it was the endpoint. */
function codesOf(error: Error): string[] {
  const parts = error instanceof AggregateError ? [error, ...error.errors] : [error];
  return parts.map(codeOf).filter((code) => code !== '');
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
