// Tells that somebody else has changed what is typed over in a form, with what is stored now.
import { useWords } from '../words/words.tsx';
import { Button } from './Button.tsx';

export interface ChangedMeanwhileProps {
  /** What each field is called, and what is stored now. */
  changed: readonly (readonly [label: string, now: string])[];
  onTake: () => void;
}

export function ChangedMeanwhile({ changed, onTake }: ChangedMeanwhileProps) {
  const words = useWords();
  return (
    <div role="status">
      {changed.length > 0 && (
        <div className="problem problem-warning">
          <p>{words.changedMeanwhile}</p>
          <ul>
            {changed.map(([label, now]) => (
              <li key={`${label} ${now}`}>
                {label}: {now === '' ? words.nothing : <code>{now.length > longest ? `${now.slice(0, longest)}…` : now}</code>}
              </li>
            ))}
          </ul>
          <Button onPress={onTake}>{words.takeStored}</Button>
        </div>
      )}
    </div>
  );
}

const longest = 300;
