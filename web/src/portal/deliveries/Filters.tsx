// The filters of the list of deliveries: status, event type, endpoint, event, time.
import type { DeliveryStatus } from '@posthorn/client';
import { useNavigate } from '@tanstack/react-router';
import { Button } from '../../parts/Button.tsx';
import { Select, TextField } from '../../parts/Field.tsx';
import { TimeChoice } from '../../parts/filters/TimeChoice.tsx';
import type { TimeSpan } from '../../parts/filters/time-span.ts';
import { useFollowedText } from '../../parts/followed-text.ts';
import { Empty } from '../../parts/States.tsx';
import { useWords } from '../../words/words.tsx';
import { EndpointOptions } from '../EndpointOptions.tsx';
import { usePortalWords, useTexts } from '../shell/words/language.tsx';
import { nameOfEndpoint, useEndpoints } from '../tenant.ts';
import { deliveriesTexts } from './texts.ts';
import './filters.css';

export interface DeliveryFilter extends TimeSpan {
  status?: DeliveryStatus[];
  type?: string;
  endpoint?: string;
  event?: string;
}

const shown: DeliveryStatus[] = ['succeeded', 'retrying', 'dead_lettered', 'held', 'pending', 'cancelled', 'expired', 'quarantined'];

/** What each field changes in the address as it is then: two may change it one after the other. */
function useFilter() {
  const navigate = useNavigate();
  const narrow = (change: Partial<Record<keyof DeliveryFilter, string | string[] | undefined>>) =>
    void navigate({ to: '/deliveries', search: (before) => withoutEmpty({ ...before, ...change }) });
  const set = (name: keyof DeliveryFilter, value: string | string[]) => narrow({ [name]: value });
  const setSpan = (span: TimeSpan) => narrow({ within: undefined, since: undefined, until: undefined, ...span });
  /** The id of a delivery opens it. */
  const seek = (id: string) =>
    id.startsWith('dlv_') ? void navigate({ to: '/deliveries/$delivery', params: { delivery: id } }) : set('event', id);
  return { set, setSpan, seek };
}

const withoutEmpty = (search: object): DeliveryFilter =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined && value.length > 0));

export function Filters({ filter }: { filter: DeliveryFilter }) {
  const [texts, words, portalWords] = [useTexts(deliveriesTexts), useWords(), usePortalWords()];
  const { data: endpoints = [] } = useEndpoints();
  const { set, setSpan, seek } = useFilter();
  const { within, since, until } = filter;
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
      <Typed label={texts.type} placeholder={texts.anyType} value={filter.type} onCommit={(type) => set('type', type)} />
      {endpoints.length > 0 && (
        <Select label={texts.endpoint} value={filter.endpoint ?? ''} onChange={({ target }) => set('endpoint', target.value)}>
          <option value="">{portalWords.allEndpoints}</option>
          <EndpointOptions endpoints={endpoints} />
        </Select>
      )}
      <Typed label={texts.event} placeholder="evt_… dlv_…" value={filter.event} onCommit={seek} />
      <TimeChoice span={{ ...(within && { within }), ...(since && { since }), ...(until && { until }) }} onChange={setSpan} />
    </search>
  );
}

interface TypedProps {
  label: string;
  placeholder: string;
  value: string | undefined;
  onCommit: (text: string) => void;
}

/** Applied by Enter, or when the field is left. */
function Typed({ label, placeholder, value = '', onCommit }: TypedProps) {
  const { text, setText, given } = useFollowedText(value);
  const commit = () => {
    if (text.trim() === value) return;
    given(text.trim());
    onCommit(text.trim());
  };
  return (
    <TextField
      label={label}
      type="search"
      placeholder={placeholder}
      value={text}
      onChange={({ target }) => setText(target.value)}
      onKeyDown={({ key }) => key === 'Enter' && commit()}
      onBlur={commit}
    />
  );
}

/** The filters as buttons that remove them. */
export function NoneMatches({ filter }: { filter: DeliveryFilter }) {
  const [texts, words] = [useTexts(deliveriesTexts), useWords()];
  const { data: endpoints } = useEndpoints();
  const { set, setSpan } = useFilter();
  const navigate = useNavigate();
  const { status, type, endpoint, event, within, since, until } = filter;
  const all: [name: string, text: string | undefined, remove: () => void][] = [
    ['status', status?.map((one) => words.status[one]).join(', '), () => set('status', '')],
    ['type', type, () => set('type', '')],
    ['endpoint', endpoint && nameOfEndpoint(endpoints, endpoint), () => set('endpoint', '')],
    ['event', event, () => set('event', '')],
    ['time', within || since || until ? texts.time : undefined, () => setSpan({})],
  ];
  const chips = all.filter(([, text]) => text);
  return (
    <Empty title={texts.noneTitle}>
      <div className="delivery-chips">
        {chips.map(([name, text = '', remove]) => (
          <Button key={name} onPress={remove} aria-label={texts.remove(text)}>
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
