// Registers handlers of signals and queries with the descriptions that the Web UI shows.
// Descriptions are not part of a history.
import { setHandler } from '@temporalio/workflow';

/** Returns a `setHandler` that adds the description of each signal or query, found by its name. */
export function describing(descriptions: Readonly<Record<string, string>>): typeof setHandler {
  const set = (definition: { name: string }, handler: unknown) =>
    setHandler(definition as never, handler as never, { description: descriptions[definition.name] });
  return set as typeof setHandler;
}
