// What the page is narrowed to. The address keeps it.
import { useNavigate } from '@tanstack/react-router';
import type { FormEvent } from 'react';
import { Button } from '../../parts/Button.tsx';
import { Select, TextField } from '../../parts/Field.tsx';
import { spans, spanTexts } from '../../parts/filters/time-span.ts';
import type { DeadLettersSearch } from './routes.ts';
import './dead-letter-filters.css';

/** `url`: of the chosen endpoint. */
export function DeadLetterFilters({ search, url }: { search: DeadLettersSearch; url: string | undefined }) {
  const navigate = useNavigate({ from: '/dead-letters' });
  const narrow = (change: Partial<Record<keyof DeadLettersSearch, string | undefined>>) =>
    void navigate({ search: (before) => ({ ...before, ...change }) as DeadLettersSearch });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? '').trim() || undefined;
    narrow({ tenant: text('tenant'), type: text('type') });
  };
  return (
    <form className="dead-letter-filters" role="search" aria-label="Filters" onSubmit={submit} key={`${search.tenant} ${search.type}`}>
      <TextField label="Tenant" name="tenant" defaultValue={search.tenant} onBlur={(event) => event.target.form?.requestSubmit()} />
      <TextField label="Event type" name="type" defaultValue={search.type} onBlur={(event) => event.target.form?.requestSubmit()} />
      <Select label="Accepted" value={search.within ?? ''} onChange={(event) => narrow({ within: event.target.value || undefined })}>
        <option value="">at any time</option>
        {spans.map((span) => (
          <option key={span} value={span}>
            {spanTexts[span]}
          </option>
        ))}
      </Select>
      <Button type="submit">Apply</Button>
      {url && (
        <Button tone="quiet" onPress={() => narrow({ endpoint: undefined })} aria-label={`Show all endpoints, not only ${url}`}>
          <span className="dead-letter-chip">{url}</span> ✕
        </Button>
      )}
      {Object.keys(search).length > 0 && (
        <Button tone="quiet" onPress={() => void navigate({ search: {} })}>
          Clear all
        </Button>
      )}
    </form>
  );
}
