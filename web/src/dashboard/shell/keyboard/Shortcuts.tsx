// The list of keys.

import { useAllCommands } from '../../../parts/commands.ts';
import { Dialog } from '../../../parts/Dialog.tsx';
import './keyboard.css';

const everywhere: [keys: string[], text: string][] = [
  [['⌘K', 'Ctrl-K'], 'Go anywhere, do anything'],
  [['/'], 'Search'],
  [['j'], 'Next row'],
  [['k'], 'Previous row'],
  [['Enter'], 'Open the row'],
  [['x'], 'Select the row'],
  [['Esc'], 'Back, or close'],
  [['?'], 'This list'],
];

export function Shortcuts({ onClose }: { onClose: () => void }) {
  const commands = useAllCommands().filter(({ keys }) => keys !== undefined && keys !== 'Escape');
  return (
    <Dialog title="Keys" isOpen onClose={onClose}>
      <dl className="shortcuts">
        {[...everywhere, ...commands.map(({ keys = '', text }): [string[], string] => [[keys], text])].map(([keys, text]) => (
          <div key={text}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
