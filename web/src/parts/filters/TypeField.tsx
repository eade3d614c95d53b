// The event type that a list is narrowed to. Types of the catalogue are suggested; any other may be typed.
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useId } from 'react';
import { posthorn } from '../../api/client.ts';
import { TextField } from '../Field.tsx';

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
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const next = String(new FormData(event.currentTarget).get('type') ?? '').trim() || undefined;
    if (next !== type) onChange(next);
  };
  return (
    // another key when the address changes, so that the field shows it
    <form key={type} onSubmit={submit}>
      <TextField
        label="Event type"
        name="type"
        list={list}
        defaultValue={type}
        placeholder="any"
        onBlur={({ target }) => target.form?.requestSubmit()}
      />
      <datalist id={list}>
        {data?.data.map(({ name }) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </form>
  );
}
