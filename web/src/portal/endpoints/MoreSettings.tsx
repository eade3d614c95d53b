// Settings of an endpoint that most do not need: description, headers, rate limit.
import type { ReactNode } from 'react';
import { Button } from '../../parts/Button.tsx';
import { TextField } from '../../parts/Field.tsx';
import { type EndpointDraft, type HeaderDraft, isRate } from './endpoint-draft.ts';
import { useEndpointWords } from './words.ts';

interface MoreSettingsProps {
  draft: EndpointDraft;
  onChange: (change: Partial<EndpointDraft>) => void;
  problemAt: (path: string) => ReactNode;
}

const masked = '***';
const mostHeaders = 20;

export function MoreSettings({ draft, onChange, problemAt }: MoreSettingsProps) {
  const words = useEndpointWords().form;
  const { description, perSecond } = draft;
  const isOpen = ['description', 'headers', 'rateLimit'].some((path) => problemAt(path) !== undefined);
  return (
    <details className="more-settings" {...(isOpen && { open: true })}>
      <summary>{words.more}</summary>
      <TextField
        label={words.description}
        hint={words.descriptionHint}
        maxLength={1_000}
        value={description}
        problem={problemAt('description')}
        onChange={({ target }) => onChange({ description: target.value })}
      />
      <Headers draft={draft} onChange={onChange} problemAt={problemAt} />
      <TextField
        label={words.perSecond}
        hint={words.perSecondHint}
        inputMode="decimal"
        value={perSecond}
        problem={problemAt('rateLimit') ?? (isRate(perSecond) ? undefined : words.notARate)}
        onChange={({ target }) => onChange({ perSecond: target.value })}
      />
    </details>
  );
}

function Headers({ draft: { headers }, onChange, problemAt }: MoreSettingsProps) {
  const words = useEndpointWords().form;
  const become = (next: HeaderDraft[]) => onChange({ headers: next });
  const change = (id: number, part: Partial<HeaderDraft>) => become(headers.map((one) => (one.id === id ? { ...one, ...part } : one)));
  const nextId = Math.max(-1, ...headers.map(({ id }) => id)) + 1;
  return (
    <fieldset className="field-set">
      <legend>{words.headers}</legend>
      {headers.map(({ id, name, value }) => (
        <div key={id} className="field-pair">
          <TextField
            label={words.headerName}
            value={name}
            problem={name === '' ? undefined : problemAt(`headers.${name}`)}
            onChange={({ target }) => change(id, { name: target.value })}
          />
          <TextField
            label={words.headerValue}
            hint={value === masked ? words.keptValue : undefined}
            value={value}
            onChange={({ target }) => change(id, { value: target.value })}
          />
          <Button tone="quiet" aria-label={words.removeHeader(name)} onPress={() => become(headers.filter((one) => one.id !== id))}>
            ✕
          </Button>
        </div>
      ))}
      {headers.length < mostHeaders && (
        <div>
          <Button onPress={() => become([...headers, { id: nextId, name: '', value: '' }])}>{words.addHeader}</Button>
        </div>
      )}
    </fieldset>
  );
}
