// An order that a person gives in a dialog or on a page. Its answer may come when they have gone elsewhere: what it says and changes
// is told and read again in any case; where it leads to, and that the dialog closes, only while the component is still there.
import { type QueryKey, useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';

export interface Order<Answer, Given> {
  send: (given: Given) => Promise<Answer>;
  /** In any case, such as to say that it was obeyed. */
  onDone?: (answer: Answer, given: Given) => unknown;
  /** Leads on: closes the dialog, goes to another page. Not called when the component is gone. */
  onward?: (answer: Answer, given: Given) => unknown;
  /** The queries that are read again, after that. */
  changes?: readonly QueryKey[];
  onError?: (error: Error, given: Given) => void;
}

export function useOrder<Answer, Given = void>({ send, onDone, onward, changes = [], onError }: Order<Answer, Given>) {
  const queries = useQueryClient();
  const isHere = useRef(false);
  useEffect(() => {
    isHere.current = true;
    return () => {
      isHere.current = false;
    };
  }, []);
  return useMutation({
    mutationFn: send,
    async onSuccess(answer, given) {
      await onDone?.(answer, given);
      if (isHere.current) await onward?.(answer, given);
      await Promise.all(changes.map((queryKey) => queries.invalidateQueries({ queryKey })));
    },
    ...(onError && { onError }),
  });
}
