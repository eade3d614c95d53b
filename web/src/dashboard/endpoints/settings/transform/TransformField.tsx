// How the body is made of an event: as it is, as a message for a chat with a preview, or by JSON of any kind.
import type { Transform } from '@posthorn/client';
import { useMemo, useRef, useState } from 'react';
import { Select } from '../../../../parts/Field.tsx';
import { fieldsOfTypes } from '../../../../parts/filter/schema-fields.ts';
import { MessageFields } from '../../../../parts/messages/MessageFields.tsx';
import { type Chat, chats, type PresetDraft, presetDraftOf, receiverOf, transformOf } from '../../../../parts/messages/preset-draft.ts';
import { AsJson } from '../AsJson.tsx';
import { useSettingsForm } from '../form.tsx';
import { useTypes } from '../use-types.ts';
import { BodyPreview } from './BodyPreview.tsx';

const names = { '': 'None: the body as above', slack: 'Slack', discord: 'Discord', teams: 'Microsoft Teams' };

/** What an unlisted choice begins with. */
const beginnings: Record<string, string> = {
  pagerduty: '{\n  "preset": "pagerduty",\n  "routingKey": ""\n}',
  template: '{\n  "template": {\n    "text": "{{type}}"\n  }\n}',
};

export function TransformField() {
  const { draft, set, refused } = useSettingsForm();
  const types = useTypes(draft.eventTypes);
  const fields = useMemo(() => fieldsOfTypes(types), [types]);
  const transform = useMemo(() => transformIn(draft.transform), [draft.transform]);
  const chat = chats.find((one) => transform && receiverOf(transform) === one);
  const kind = chat ?? (draft.transform.trim() === '' ? '' : transform && 'preset' in transform ? transform.preset : 'template');
  const [preset, setPreset] = usePreset(draft.transform, transform, (text) => set('transform', text));
  const [isTyping, setIsTyping] = useState(false);
  const left = useRef<Left>({ texts: {} });
  const choose = (next: string) => {
    if (chat) left.current.preset = preset;
    else left.current.texts[kind] = draft.transform;
    const isChat = chats.find((one) => one === next);
    if (isChat) setPreset(isChat, chat ? preset : (left.current.preset ?? preset));
    else set('transform', next === '' ? '' : (left.current.texts[next] ?? beginnings[next] ?? ''));
  };
  return (
    <>
      <Select label="Body format for" value={kind} onChange={({ target }) => choose(target.value)}>
        {Object.entries(names).map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
        <option value="pagerduty">PagerDuty (JSON)</option>
        <option value="template">A template of your own (JSON)</option>
      </Select>
      {(kind !== '' || isTyping) && (
        // biome-ignore lint/a11y/noStaticElementInteractions: a text that is emptied stays while it is being typed
        <div onFocus={() => setIsTyping(true)} onBlur={() => setIsTyping(false)}>
          <AsJson
            name="transform"
            label="Transform"
            what="the transform"
            rows={6}
            placeholder={beginnings.template ?? ''}
            hint="A template, or a preset with its fields."
            isTitled
          >
            {chat === undefined ? null : (
              <MessageFields
                chat={chat}
                preset={preset}
                onChange={(next) => setPreset(chat, next)}
                fields={fields}
                type={types[0]}
                problemAt={(path) => refused.find((one) => one.path === path || one.path.startsWith(`${path}.`))?.message}
              />
            )}
          </AsJson>
        </div>
      )}
      {kind !== '' && chat === undefined && <BodyPreview text={draft.transform} type={types[0]} />}
    </>
  );
}

/** What was typed for the kinds that are not chosen any more. */
interface Left {
  texts: Record<string, string>;
  preset?: PresetDraft;
}

/** Undefined: it cannot be read. */
function transformIn(text: string): Transform | null | undefined {
  try {
    const value: unknown = text.trim() === '' ? null : JSON.parse(text);
    return typeof value === 'object' && !Array.isArray(value) ? (value as Transform | null) : undefined;
  } catch {
    return undefined;
  }
}

/** The fields of a message. Its empty lines are not in the text, so they are kept while the text is the one that they made. */
function usePreset(text: string, transform: Transform | null | undefined, onText: (text: string) => void) {
  const [typed, setTyped] = useState<{ text: string; preset: PresetDraft }>();
  const preset = typed && typed.text === text ? typed.preset : presetDraftOf(transform ?? null);
  const change = (chat: Chat, next: PresetDraft) => {
    const made = JSON.stringify(transformOf(chat, next), null, 2);
    setTyped({ text: made, preset: next });
    onText(made);
  };
  return [preset, change] as const;
}
