// What can be done with the selected deliveries of a list: the orders of its page, and to cancel them.
import { useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { SelectionBar } from '../SelectionBar.tsx';
import type { Selection } from '../use-selection.ts';
import { CancelSelected } from './CancelSelected.tsx';

export interface SelectedDeliveriesProps {
  selection: Selection;
  /** Why they cannot be ordered anything. */
  because: string | undefined;
  /** The buttons of the page. `done`: what they call with the deliveries that were refused, which stay selected. */
  children: (done: (left: string[]) => void) => ReactNode;
}

export function SelectedDeliveries({ selection: { selected, select }, because, children }: SelectedDeliveriesProps) {
  const queries = useQueryClient();
  const done = (left: string[]) => {
    select(left);
    for (const key of ['deliveries', 'undelivered']) void queries.invalidateQueries({ queryKey: [key] });
  };
  return (
    <SelectionBar selected={selected} onClear={() => select([])}>
      {children(done)}
      <CancelSelected selected={selected} because={because} onDone={done} />
    </SelectionBar>
  );
}

const mostInJob = 1_000;

/** Why so many cannot be replayed as one job. */
export const tooManyForJob = (selected: ReadonlySet<string>): string | undefined =>
  selected.size > mostInJob ? `at most ${mostInJob.toLocaleString('en')} can be chosen one by one` : undefined;
