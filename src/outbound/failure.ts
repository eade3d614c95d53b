// Classifies the error of a failed exchange by its code, with the table in `domain/deliveries/outcome`:
// the endpoint's failure, or an internal one.
import { type Refusal, refusalOfErrorCode } from '#domain/deliveries/outcome';

interface Failure {
  refusal: Refusal;
  code: string;
}

/** The endpoint's failure that this error stands for. Null: the error is internal. */
export function failureOf(error: Error): Failure | null {
  for (const code of codesOf(error)) {
    const refusal = refusalOfErrorCode(code);
    if (refusal) return { refusal, code };
  }
  return null;
}

/** If several addresses failed, the codes of all of them: one that blames the endpoint is enough. */
function codesOf(error: Error): string[] {
  const parts = error instanceof AggregateError ? [error, ...error.errors] : [error];
  return parts.map(codeOf).filter((code) => code !== '');
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
