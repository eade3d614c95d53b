// A secret that was just made, over whatever page is open, until it is said to be stored.
import { Button } from '../parts/Button.tsx';
import { Copy } from '../parts/Copy.tsx';
import { Dialog } from '../parts/Dialog.tsx';
import { useLeaveQuestion } from '../parts/use-leave-question.ts';
import { type MadeSecret, secretIsStored, useMadeSecret } from './made-secret.ts';
import './secret-once.css';

export function SecretOnce() {
  const secret = useMadeSecret();
  return secret ? <Shown {...secret} /> : null;
}

function Shown({ title, name, text, hint }: MadeSecret) {
  useLeaveQuestion();
  return (
    <Dialog title={title} isOpen onClose={() => undefined} isDismissable={false}>
      <p>
        {hint} <strong>It is not shown again.</strong>
      </p>
      <div className="secret-once">
        <code>{text}</code>
        <Copy text={text} what={name} />
      </div>
      <div className="dialog-actions">
        <Button tone="primary" onPress={secretIsStored}>
          I have stored it
        </Button>
      </div>
    </Dialog>
  );
}
