// A new signing secret, the only time that it is shown.
import { Link } from '@tanstack/react-router';
import { Button } from '../parts/Button.tsx';
import { Copy } from '../parts/Copy.tsx';
import { freshSecrets, useFreshSecret } from './fresh-secrets.ts';
import { useSharedWords } from './shared-words.ts';
import './forms.css';

/** `of`: the id of the endpoint or channel that it belongs to. */
export function SecretOnce({ of }: { of: string }) {
  const words = useSharedWords();
  const secret = useFreshSecret(of);
  if (secret === undefined) return null;
  return (
    <section className="secret-once" aria-label={words.secret}>
      <h2>{words.secret}</h2>
      <p>{words.once}</p>
      <p className="secret-line">
        <code>{secret}</code>
        <Copy text={secret} what={words.theSecret} />
      </p>
      <div className="pf-end">
        <Button tone="primary" onPress={() => freshSecrets.forget(of)}>
          {words.stored}
        </Button>
        <Link to="/help">{words.verify}</Link>
      </div>
    </section>
  );
}
