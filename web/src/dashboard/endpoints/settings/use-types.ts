// The types of the catalogue that an endpoint subscribes to.
import { fits, useEventTypes } from '../../../parts/event-types.ts';
import { useTypeNames } from '../TypeNames.tsx';
import { linesOf } from './texts.ts';

/** Names, as the field of the event types has them; none: all. */
export function useTypeChoice(eventTypes: string): string[] {
  const patterns = linesOf(eventTypes);
  return useTypeNames().filter((name) => patterns.length === 0 || patterns.some((pattern) => fits(pattern, name)));
}

/** Schemas and examples of the first of them. */
export const useTypes = (eventTypes: string) => useEventTypes(useTypeChoice(eventTypes));
