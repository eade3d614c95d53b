// A bar over the page while Posthorn does not answer. It goes by itself.
import { useEffect } from 'react';
import { connection } from '../api/connection.ts';
import { useConnection } from '../api/use.ts';
import { useWords } from '../words/words.tsx';
import { Button } from './Button.tsx';
import './connection-bar.css';

export function ConnectionBar() {
  const words = useWords();
  const state = useConnection();
  useEffect(() => {
    document.documentElement.dataset.connection = state;
  }, [state]);
  return (
    <div role="alert">
      {state !== 'ok' && (
        <p className="connection-bar">
          {state === 'away' ? words.away : words.storeAway}
          <Button onPress={connection.tryNow}>{words.tryNow}</Button>
        </p>
      )}
    </div>
  );
}
