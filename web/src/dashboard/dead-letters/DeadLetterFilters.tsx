// What the page is narrowed to. The address keeps it.
import { useNavigate } from '@tanstack/react-router';
import { Select } from '../../parts/Field.tsx';
import { Filters } from '../../parts/filters/Filters.tsx';
import { TypeField } from '../../parts/filters/TypeField.tsx';
import { en } from '../../parts/filters/texts.ts';
import { spans } from '../../parts/filters/time-span.ts';
import { TenantChoice } from '../../parts/TenantChoice.tsx';
import { isNarrowed } from '../search.ts';
import type { DeadLettersSearch } from './routes.ts';

/** `url`: of the chosen endpoint. */
export function DeadLetterFilters({ search, url }: { search: DeadLettersSearch; url: string | undefined }) {
  const navigate = useNavigate({ from: '/dead-letters' });
  const narrow = (change: Partial<Record<keyof DeadLettersSearch, string | undefined>>) =>
    void navigate({ search: (before) => ({ ...before, ...change }) as DeadLettersSearch });
  return (
    <Filters
      chips={url === undefined ? [] : [{ name: 'Endpoint', id: url, value: url, onRemove: () => narrow({ endpoint: undefined }) }]}
      onClear={isNarrowed(search) ? () => void navigate({ search: {} }) : undefined}
    >
      <TenantChoice tenant={search.tenant} onChange={(tenant) => narrow({ tenant })} showsLabel />
      <TypeField type={search.type} onChange={(type) => narrow({ type })} />
      <Select label="Accepted" value={search.within ?? ''} onChange={({ target }) => narrow({ within: target.value || undefined })}>
        <option value="">at any time</option>
        {spans.map((span) => (
          <option key={span} value={span}>
            {en.within[span]}
          </option>
        ))}
      </Select>
    </Filters>
  );
}
