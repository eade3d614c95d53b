// The filters of the list of deliveries: status, event type, endpoint.
import type { DeliveryStatus } from '@posthorn/client';
import { useNavigate } from '@tanstack/react-router';
import type { KeyboardEvent } from 'react';
import { Button } from '../../parts/Button.tsx';
import { Select, TextField } from '../../parts/Field.tsx';
import { Empty } from '../../parts/States.tsx';
import { useWords } from '../../words/words.tsx';
import { EndpointOptions } from '../EndpointOptions.tsx';
import { usePortalWords, useTexts } from '../shell/words/language.tsx';
import { nameOfEndpoint, useEndpoints } from '../tenant.ts';
import { deliveriesTexts } from './texts.ts';
import './filters.css';

export interface DeliveryFilter {
  status?: DeliveryStatus[];
  type?: string;
  endpoint?: string;
}

const shown: DeliveryStatus[] = ['succeeded', 'retrying', 'dead_lettered', 'held', 'pending', 'cancelled', 'expired', 'quarantined'];

function useFilter(filter: DeliveryFilter) {
  const navigate = useNavigate();
  return (name: keyof DeliveryFilter, value: string | string[] | undefined) => {
    const { [name]: _, ...others } = filter;
    const isEmpty = value === undefined || value.length === 0;
    void navigate({ to: '/deliveries', search: { ...others, ...(!isEmpty && { [name]: value }) } });
  };
}

export function Filters({ filter }: { filter: DeliveryFilter }) {
  const [texts, words, portalWords] = [useTexts(deliveriesTexts), useWords(), usePortalWords()];
  const { data: endpoints = [] } = useEndpoints();
  const set = useFilter(filter);
  const commit = ({ key, currentTarget }: KeyboardEvent<HTMLInputElement>) => key === 'Enter' && set('type', currentTarget.value.trim());
  return (
    <search className="delivery-filters">
      <Select
        label={texts.status}
        value={filter.status?.length === 1 ? filter.status[0] : ''}
        onChange={({ target }) => set('status', target.value === '' ? [] : [target.value])}
      >
        <option value="">{texts.anyStatus}</option>
        {shown.map((status) => (
          <option key={status} value={status}>
            {words.status[status]}
          </option>
        ))}
      </Select>
      <TextField
        key={filter.type}
        label={texts.type}
        type="search"
        placeholder={texts.anyType}
        defaultValue={filter.type ?? ''}
        onKeyDown={commit}
        onBlur={({ target }) => target.value.trim() !== (filter.type ?? '') && set('type', target.value.trim())}
      />
      {endpoints.length > 0 && (
        <Select label={texts.endpoint} value={filter.endpoint ?? ''} onChange={({ target }) => set('endpoint', target.value)}>
          <option value="">{portalWords.allEndpoints}</option>
          <EndpointOptions endpoints={endpoints} />
        </Select>
      )}
    </search>
  );
}

/** The filters as buttons that remove them. */
export function NoneMatches({ filter }: { filter: DeliveryFilter }) {
  const [texts, words] = [useTexts(deliveriesTexts), useWords()];
  const { data: endpoints } = useEndpoints();
  const [set, navigate] = [useFilter(filter), useNavigate()];
  const chips: [keyof DeliveryFilter, string][] = [
    ...(filter.status ? [['status', filter.status.map((one) => words.status[one]).join(', ')] as ['status', string]] : []),
    ...(filter.type ? [['type', filter.type] as ['type', string]] : []),
    ...(filter.endpoint ? [['endpoint', nameOfEndpoint(endpoints, filter.endpoint)] as ['endpoint', string]] : []),
  ];
  return (
    <Empty title={texts.noneTitle}>
      <div className="delivery-chips">
        {chips.map(([name, text]) => (
          <Button key={name} onPress={() => set(name, undefined)} aria-label={texts.remove(text)}>
            {text} <span aria-hidden>✕</span>
          </Button>
        ))}
        {chips.length > 1 && (
          <Button tone="quiet" onPress={() => void navigate({ to: '/deliveries', search: {} })}>
            {texts.removeAll}
          </Button>
        )}
      </div>
    </Empty>
  );
}
