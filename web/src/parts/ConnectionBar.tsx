// A bar over the page while Posthorn does not answer. It goes by itself.
import { useConnection } from '../api/use.ts';
import { useWords } from '../words/words.tsx';
import './connection-bar.css';

export function ConnectionBar() {
  const words = useWords();
  const state = useConnection();
  return <div role="alert">{state !== 'ok' && <p className="connection-bar">{state === 'away' ? words.away : words.storeAway}</p>}</div>;
}
