// The sheet that counts before it replays, for a selection that a page has made.
import { Dialog } from '../Dialog.tsx';
import { CountAndStart, type CountAndStartProps, type ReplaySelection } from './CountAndStart.tsx';

export interface ReplaySheetProps extends Omit<CountAndStartProps, 'selection'> {
  /** What is replayed, in words: "Dead letters of https://…". */
  title: string;
  /** Null: closed. */
  selection: ReplaySelection | null;
}

export function ReplaySheet({ title, selection, onStarted, onClose }: ReplaySheetProps) {
  return (
    <Dialog title={title} isOpen={selection !== null} onClose={onClose}>
      {selection && <CountAndStart selection={selection} onStarted={onStarted} onClose={onClose} />}
    </Dialog>
  );
}
