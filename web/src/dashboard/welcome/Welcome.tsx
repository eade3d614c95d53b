// The first run: from nothing to a delivered event in three steps. What is done already is read from Posthorn, so a reload
// goes on where it was.
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { posthorn } from '../../api/client.ts';
import { tabStorage } from '../../api/storage.ts';
import { useBoundTo } from '../../api/use.ts';
import { skippedSlot } from '../../parts/first-run.ts';
import { Page } from '../../parts/Page.tsx';
import { PathLink } from '../../parts/PathLink.tsx';
import { Problem, Skeleton } from '../../parts/States.tsx';
import { Arrival } from './Arrival.tsx';
import { Receiver } from './Receiver.tsx';
import { Sender } from './Sender.tsx';
import { Step } from './Step.tsx';
import { useReceiver } from './use-receiver.ts';
import './welcome.css';

const route = getRouteApi('/welcome');
const demo = 'demo';

export function Welcome() {
  const { tenant: chosen } = route.useSearch();
  const bound = useBoundTo();
  const tenants = useQuery({
    queryKey: ['tenants', 'first'],
    queryFn: ({ signal }) => posthorn.tenants.list({ limit: 250 }, { signal }).page(),
    enabled: bound === null,
  });
  const known = bound === null ? (tenants.data?.data.map(({ id }) => id) ?? []) : [bound];
  const isKnown = bound !== null || tenants.data !== undefined;
  // the one that `npm start` makes, else the first that was made
  const tenant = bound ?? chosen ?? (known.includes(demo) ? demo : known.at(-1)) ?? demo;
  return (
    <Page title="Welcome to Posthorn" actions={<Skip />}>
      <p className="welcome-first">From nothing to a delivered event in three steps.</p>
      {tenants.error && !isKnown && <Problem error={tenants.error} onRetry={() => void tenants.refetch()} />}
      {!isKnown && !tenants.error && <Skeleton rows={6} />}
      {isKnown && <Steps tenant={tenant} hasTenant={known.includes(tenant)} />}
    </Page>
  );
}

function Skip() {
  return (
    <span onClickCapture={() => tabStorage.set(skippedSlot, 'yes')}>
      <PathLink to="/">Skip to the overview</PathLink>
    </span>
  );
}

function Steps({ tenant, hasTenant }: { tenant: string; hasTenant: boolean }) {
  const receiver = useReceiver(tenant, hasTenant);
  const hasReceiver = receiver !== undefined;
  const deliveries = useQuery({
    queryKey: ['deliveries', 'first', receiver?.endpoint],
    queryFn: ({ signal }) => posthorn.deliveries.list({ endpoint: receiver?.endpoint ?? '', limit: 5 }, { signal }).page(),
    enabled: hasReceiver,
    refetchInterval: ({ state }) => (state.data?.data.some(({ status }) => status === 'succeeded') ? 10_000 : 1_000),
  });
  const found = deliveries.data?.data ?? [];
  const isDelivered = found.some(({ status }) => status === 'succeeded');
  return (
    <ol className="steps">
      <Step number={1} title="Make a place that receives" isDone={hasReceiver} isOpen>
        <Receiver tenant={tenant} hasTenant={hasTenant} url={receiver?.url} />
      </Step>
      <Step number={2} title="Send an event" isDone={found.length > 0} isOpen={hasReceiver}>
        <Sender tenant={tenant} origin={location.origin} />
      </Step>
      <Step number={3} title="Watch it arrive" isDone={isDelivered} isOpen={hasReceiver}>
        {receiver && <Arrival deliveries={found} sandboxId={receiver.sandboxId} />}
      </Step>
    </ol>
  );
}
