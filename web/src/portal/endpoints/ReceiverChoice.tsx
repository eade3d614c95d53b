// What is behind the address: a server, or a chat that needs messages of its own form.
import { useId } from 'react';
import { Button } from '../../parts/Button.tsx';
import { chatOf, chats, type Receiver } from '../../parts/messages/preset-draft.ts';
import type { EndpointDraft } from './endpoint-draft.ts';
import { useEndpointWords } from './words.ts';

export function ReceiverChoice({ draft, onChange }: { draft: EndpointDraft; onChange: (receiver: Receiver) => void }) {
  const words = useEndpointWords().form;
  const name = useId();
  const { receiver, url } = draft;
  const choices: Receiver[] = ['server', ...chats, ...(receiver === 'other' ? (['other'] as const) : [])];
  const guess = chatOf(url);
  return (
    <fieldset className="choice-set">
      <legend>{words.receiver}</legend>
      <div className="pf-tiles">
        {choices.map((choice) => (
          <label key={choice} className="pf-tile">
            <input type="radio" name={name} checked={receiver === choice} onChange={() => onChange(choice)} />
            <span>{words.receivers[choice]}</span>
          </label>
        ))}
      </div>
      <p className="field-hint">{words.receiverHints[receiver]}</p>
      {guess && guess !== receiver && (
        <p className="receiver-guess" role="status">
          {words.looksLike(words.receivers[guess])} <Button onPress={() => onChange(guess)}>{words.use(words.receivers[guess])}</Button>
        </p>
      )}
    </fieldset>
  );
}
