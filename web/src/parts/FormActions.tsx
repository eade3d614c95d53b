// The buttons at the end of a form in a dialog.
import { useWords } from '../words/words.tsx';
import { Button } from './Button.tsx';

export interface FormActionsProps {
  /** What the form does. */
  action: string;
  isPending: boolean;
  onCancel?: () => void;
}

export function FormActions({ action, isPending, onCancel }: FormActionsProps) {
  const words = useWords();
  return (
    <div className="dialog-actions">
      {onCancel && <Button onPress={onCancel}>{words.cancel}</Button>}
      <Button type="submit" tone="primary" isPending={isPending}>
        {action}
      </Button>
    </div>
  );
}
