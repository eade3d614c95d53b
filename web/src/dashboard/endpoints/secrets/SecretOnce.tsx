// A secret that is shown once.
import { Button } from '../../../parts/Button.tsx';
import { Copy } from '../../../parts/Copy.tsx';
import './secret-once.css';

export function SecretOnce({ secret, onStored }: { secret: string; onStored: () => void }) {
  return (
    <div className="secret-once">
      <p>
        This is the signing secret. Store it where the receiver finds it, and check the signature of each request with it.{' '}
        <strong>It is not shown again.</strong>
      </p>
      <div className="secret-once-text">
        <code>{secret}</code>
        <Copy text={secret} what="the secret" />
      </div>
      <div className="dialog-actions">
        <Button tone="primary" onPress={onStored}>
          I have stored it
        </Button>
      </div>
    </div>
  );
}
