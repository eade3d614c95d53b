// A bar over the page while Posthorn does not answer, which goes by itself; and one that asks to reload after an upgrade.
import { useEffect, useSyncExternalStore } from 'react';
import { connection } from '../api/connection.ts';
import { upgrade } from '../api/upgrade.ts';
import { useConnection } from '../api/use.ts';
import { useWords } from '../words/words.tsx';
import { Button } from './Button.tsx';
import './connection-bar.css';

export function ConnectionBar() {
  const words = useWords();
  const state = useConnection();
  const isUpgraded = useSyncExternalStore(upgrade.subscribe, upgrade.isSeen);
  useEffect(() => {
    document.documentElement.dataset.connection = state;
  }, [state]);
  return (
    <div role="alert" className="connection-bars">
      {isUpgraded && (
        <p className="connection-bar">
          {words.upgraded}
          <Button onPress={() => location.reload()}>{words.reload}</Button>
        </p>
      )}
      {state !== 'ok' && (
        <p className="connection-bar">
          {state === 'away' ? words.away : words.storeAway}
          <Button onPress={connection.tryNow}>{words.tryNow}</Button>
        </p>
      )}
    </div>
  );
}
