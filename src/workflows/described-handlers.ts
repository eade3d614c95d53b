// Registers handlers of signals, Updates and queries with the descriptions that the Web UI shows.
// Descriptions are not part of a history.
import { setHandler } from '@temporalio/workflow';

/**
 * Returns a `setHandler` that adds the description of each signal, Update or query, found by its name. A signal and an
 * Update of one name share it.
 */
export function describing(descriptions: Readonly<Record<string, string>>): typeof setHandler {
  const set = (definition: { name: string }, handler: unknown, options?: object) =>
    setHandler(definition as never, handler as never, { ...options, description: descriptions[definition.name] });
  return set as typeof setHandler;
}
