// The event types that the sender has described.
import type { EventTypeSummary } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import { Button } from '../../parts/Button.tsx';
import { type Column, DataTable } from '../../parts/DataTable.tsx';
import { TextField } from '../../parts/Field.tsx';
import { Page } from '../../parts/Page.tsx';
import { Empty, Problem, Skeleton } from '../../parts/States.tsx';
import { Tag, type Tone } from '../../parts/Status.tsx';
import { eventTypesQuery } from '../queries.ts';
import { useCatalogueWords } from './words.ts';
import type { CatalogueWords } from './words-en.ts';
import '../forms.css';
import './catalogue.css';

const route = getRouteApi('/catalogue');

export const stateTones: Record<EventTypeSummary['state'], Tone> = { active: 'good', deprecated: 'warning', sunset: 'muted' };

const idOf = ({ name }: EventTypeSummary) => name;

export function Catalogue() {
  const words = useCatalogueWords();
  const { search = '' } = route.useSearch();
  const navigate = useNavigate();
  const find = (text: string) => void navigate({ to: '/catalogue', search: text === '' ? {} : { search: text }, replace: true });
  const { data, error, isPending, refetch } = useQuery(eventTypesQuery);
  const columns = useMemo(() => columnsOf(words), [words]);
  const shown = useMemo(() => (data ?? []).filter((type) => fitsSearch(type, search)), [data, search]);
  return (
    <Page title={words.title}>
      {isPending && <Skeleton rows={8} />}
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {data?.length === 0 && <Empty title={words.none}>{words.noneText}</Empty>}
      {data && data.length > 0 && (
        <>
          <div className="pf-narrow">
            <TextField label={words.search} type="search" value={search} onChange={({ target }) => find(target.value)} />
          </div>
          {shown.length === 0 ? (
            <Empty title={words.noMatch}>
              <Button onPress={() => find('')}>{words.clear}</Button>
            </Empty>
          ) : (
            <DataTable label={words.title} rows={shown} columns={columns} idOf={idOf} />
          )}
        </>
      )}
    </Page>
  );
}

function fitsSearch({ name, description, group, tags }: EventTypeSummary, search: string): boolean {
  return [name, description, group ?? '', ...tags].join(' ').toLowerCase().includes(search.trim().toLowerCase());
}

function columnsOf(words: CatalogueWords): Column<EventTypeSummary>[] {
  return [
    {
      id: 'type',
      header: words.columns.type,
      width: 'minmax(0, 1.2fr)',
      cell: ({ name }) => (
        <Link to="/catalogue/$type" params={{ type: name }} className="type-name row-link mono">
          {name}
        </Link>
      ),
    },
    { id: 'description', header: words.columns.description, width: 'minmax(0, 2fr)', cell: ({ description }) => description },
    { id: 'group', header: words.columns.group, width: 'minmax(0, 0.7fr)', cell: ({ group }) => group },
    {
      id: 'state',
      header: words.columns.state,
      width: '120px',
      cell: ({ state }) => <Tag tone={stateTones[state]}>{words.states[state]}</Tag>,
    },
  ];
}
