// The message that a chat gets: texts with values of the event, and a preview made by the API.
import type { EventType, Transform } from '@posthorn/client';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { type ReactNode, useRef, useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { Button } from '../Button.tsx';
import { Select, TextArea, TextField } from '../Field.tsx';
import type { SchemaField } from '../filter/schema-fields.ts';
import { Problem } from '../States.tsx';
import { useSettled } from '../use-settled.ts';
import { type Chat, messageOf, type PresetDraft, transformOf } from './preset-draft.ts';
import { useMessageWords } from './words.ts';
import './messages.css';

interface MessageFieldsProps {
  chat: Chat;
  preset: PresetDraft;
  onChange: (preset: PresetDraft) => void;
  fields: readonly SchemaField[];
  /** Its example is shown in the preview. */
  type: EventType | undefined;
  problemAt: (path: string) => ReactNode;
}

type Part = 'title' | 'text' | 'link';

export function MessageFields({ chat, preset, onChange, fields, type, problemAt }: MessageFieldsProps) {
  const words = useMessageWords();
  const last = useRef<Part>('text');
  const part = (name: Part) => ({
    value: preset[name],
    problem: problemAt(`transform.${name}`),
    onFocus: () => {
      last.current = name;
    },
    onChange: ({ target }: { target: { value: string } }) => onChange({ ...preset, [name]: target.value }),
  });
  const insert = (path: string) => onChange({ ...preset, [last.current]: `${preset[last.current]}{{${path}}}` });
  return (
    <fieldset className="choice-set message-fields">
      <legend>{words.title}</legend>
      <div className="message-form">
        <TextField label={words.heading} hint={words.headingHint} {...part('title')} />
        <TextArea label={words.text} rows={3} {...part('text')} />
        <Placeholders fields={fields} onInsert={insert} />
        <Lines preset={preset} onChange={onChange} problemAt={problemAt} />
        <TextField label={words.link} hint={words.linkHint} {...part('link')} />
      </div>
      <Preview chat={chat} preset={preset} type={type} />
    </fieldset>
  );
}

function Placeholders({ fields, onInsert }: { fields: readonly SchemaField[]; onInsert: (path: string) => void }) {
  const words = useMessageWords();
  const paths = ['type', 'timestamp', 'id', ...fields.map(({ path }) => path).filter((path) => !path.includes('*'))];
  const [chosen, setChosen] = useState('');
  const path = paths.includes(chosen) ? chosen : (paths[3] ?? 'type');
  return (
    <div className="field-with-button">
      <Select label={words.placeholders} value={path} onChange={({ target }) => setChosen(target.value)}>
        {paths.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </Select>
      <Button onPress={() => onInsert(path)}>{words.insert}</Button>
    </div>
  );
}

const mostLines = 10;

function Lines({ preset, onChange, problemAt }: Pick<MessageFieldsProps, 'preset' | 'onChange' | 'problemAt'>) {
  const words = useMessageWords();
  const { fields } = preset;
  const become = (next: PresetDraft['fields']) => onChange({ ...preset, fields: next });
  const nextId = Math.max(-1, ...fields.map(({ id }) => id)) + 1;
  return (
    <fieldset className="field-set">
      <legend>{words.lines}</legend>
      {fields.map(({ id, label, value }, index) => (
        <div key={id} className="field-pair">
          <TextField
            label={words.label}
            value={label}
            problem={problemAt(`transform.fields[${index}].label`)}
            onChange={({ target }) => become(fields.map((one) => (one.id === id ? { ...one, label: target.value } : one)))}
          />
          <TextField
            label={words.value}
            placeholder="{{data.…}}"
            value={value}
            problem={problemAt(`transform.fields[${index}].value`)}
            onChange={({ target }) => become(fields.map((one) => (one.id === id ? { ...one, value: target.value } : one)))}
          />
          <Button tone="quiet" aria-label={words.removeLine} onPress={() => become(fields.filter((one) => one.id !== id))}>
            ✕
          </Button>
        </div>
      ))}
      {fields.length < mostLines && (
        <div>
          <Button onPress={() => become([...fields, { id: nextId, label: '', value: '' }])}>{words.addLine}</Button>
        </div>
      )}
    </fieldset>
  );
}

function Preview({ chat, preset, type }: { chat: Chat; preset: PresetDraft; type: EventType | undefined }) {
  const words = useMessageWords();
  const settled = useSettled(JSON.stringify(transformOf(chat, preset)));
  const event = { type: type?.name ?? 'order.created', data: type?.examples[0] ?? {} };
  const { data, error } = useQuery({
    queryKey: ['preview', settled, event],
    queryFn: ({ signal }) => posthorn.testTransform({ transform: JSON.parse(settled) as Transform, event }, { signal }),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
  const message = data && messageOf(chat, data.body);
  return (
    <section className="message-preview" aria-label={words.preview}>
      <h2>{words.preview}</h2>
      {error && <Problem error={error} />}
      {message && !error && (
        <div className="chat-message">
          <p className="chat-title">{message.title}</p>
          {message.text && <p className="chat-text">{message.text}</p>}
          {message.fields.length > 0 && (
            <dl className="facts">
              {message.fields.map(({ label, value }, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: two lines can be equal
                <div key={index}>
                  <dt>{label}</dt>
                  <dd>{value}</dd>
                </div>
              ))}
            </dl>
          )}
          {message.link && (
            <p className="quiet">
              {words.open}: <code>{message.link}</code>
            </p>
          )}
        </div>
      )}
    </section>
  );
}
