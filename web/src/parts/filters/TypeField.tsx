// The event type that a list is narrowed to. Types of the catalogue are suggested; any other may be typed.
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useId } from 'react';
import { posthorn } from '../../api/client.ts';
import { TextField } from '../Field.tsx';
import { useFollowedText } from '../followed-text.ts';

const most = 250;

export interface TypeFieldProps {
  type: string | undefined;
  onChange: (type: string | undefined) => void;
}

export function TypeField({ type, onChange }: TypeFieldProps) {
  const list = useId();
  const { data } = useQuery({
    queryKey: ['event-types', 'choice'],
    queryFn: ({ signal }) => posthorn.eventTypes.list({ limit: most }, { signal }).page(),
    staleTime: 60_000,
  });
  const { text, setText, given } = useFollowedText(type ?? '');
  const apply = () => {
    const next = text.trim();
    if (next === (type ?? '')) return;
    given(next);
    onChange(next || undefined);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    apply();
  };
  return (
    <form onSubmit={submit}>
      <TextField
        label="Event type"
        list={list}
        value={text}
        onChange={({ target }) => setText(target.value)}
        placeholder="any"
        onBlur={apply}
      />
      <datalist id={list}>
        {data?.data.map(({ name }) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </form>
  );
}
