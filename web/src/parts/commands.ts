// What can be done on the page that is open. Pages add their commands; the palette lists them, and some have a key.
import { useEffect, useRef, useSyncExternalStore } from 'react';

export interface Command {
  id: string;
  /** A verb. @example 'Replay' */
  text: string;
  /** One key, without modifiers, such as `r`, or `Escape`. */
  keys?: string;
  /** Why it cannot be done now. */
  because?: string | undefined;
  act: () => void;
}

let pages: readonly { current: readonly Command[] }[] = [];
let all: readonly Command[] = [];
const listeners = new Set<() => void>();

function collect(): void {
  all = pages.flatMap(({ current }) => current);
  for (const listener of listeners) listener();
}

/** The commands of the component, while it is there. */
export function useCommands(commands: readonly Command[]): void {
  const mine = useRef<readonly Command[]>([]);
  const described = JSON.stringify(commands.map(({ id, text, because }) => [id, text, because]));
  useEffect(() => {
    mine.current = commands;
  });
  useEffect(() => {
    pages = [...pages, mine];
    return () => {
      pages = pages.filter((one) => one !== mine);
      collect();
    };
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list is collected again when a text of it has changed
  useEffect(collect, [described]);
}

/** The newest one with this key. */
export const commandFor = (key: string): Command | undefined =>
  pages.flatMap(({ current }) => current).findLast(({ keys }) => keys === key);

export function useAllCommands(): readonly Command[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => all,
  );
}
