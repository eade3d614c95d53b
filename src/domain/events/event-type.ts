// Event type names (`resource.action`), subscription patterns for them, and channel names.
import { z } from 'zod';
import { faultText } from '../faults/fault.ts';

export const eventTypeName = z
  .string()
  .max(128)
  .regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/, faultText('event_type'));

export const eventTypePattern = z
  .string()
  .max(130)
  .regex(/^(\*|[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*(\.\*)?)$/, faultText('event_type_pattern'));

export const channel = z.string().regex(/^[A-Za-z0-9._:-]{1,128}$/, 'must be 1 to 128 characters of A-Z a-z 0-9 . _ : -');

/** All patterns that match a type: `*`, `order.*` and `order.created` for order.created. */
export function typePatterns(type: string): string[] {
  const parts = type.split('.');
  return ['*', ...parts.slice(1).map((_, index) => `${parts.slice(0, index + 1).join('.')}.*`), type];
}
