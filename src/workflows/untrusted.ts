// Signal arguments come from whoever types them: nothing, null, a string, or an object of another shape. Reading them never throws.
import { workflowInfo } from '@temporalio/workflow';

/** The text of a field, if there is one of 1 to 200 characters that PostgreSQL can keep. */
export function textField(said: unknown, field: string): string | undefined {
  if (typeof said !== 'object' || said === null) return undefined;
  const value = (said as Record<string, unknown>)[field];
  return typeof value === 'string' && /^[\x20-\x7e]{1,200}$/.test(value) ? value : undefined;
}

/** The whole number from 1 of a field, if there is one that PostgreSQL can keep. */
export function countField(said: unknown, field: string): number | undefined {
  if (typeof said !== 'object' || said === null) return undefined;
  const value = (said as Record<string, unknown>)[field];
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 2 ** 31 ? value : undefined;
}

/** Of an order that may name an ordering key: null where it names none, undefined where nobody can tell. */
export function orderingKeyField(said: unknown): string | null | undefined {
  if (said === undefined || said === null) return null;
  if (typeof said !== 'object' || Array.isArray(said)) return undefined;
  return Object.hasOwn(said, 'orderingKey') ? textField(said, 'orderingKey') : null;
}

/** The id of a replay that came without one: the same again after a Reset, which hears the old signals once more. */
export function replayIdOf(count: number): string {
  const { continuedFromExecutionRunId, firstExecutionRunId } = workflowInfo();
  return `${continuedFromExecutionRunId ?? firstExecutionRunId}/${count}`;
}
