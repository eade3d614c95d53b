// The list of deliveries: filters in the address, saved views, live.
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { SavedViews } from '../../parts/filters/SavedViews.tsx';
import { LiveSwitch, NewRows } from '../../parts/live/LiveSwitch.tsx';
import { Page } from '../../parts/Page.tsx';
import { parseSearch, stringifySearch } from '../search.ts';
import { DeliveryFilters } from './DeliveryFilters.tsx';
import { DeliveryList } from './DeliveryList.tsx';
import { type DeliveriesSearch, deliveriesSearchIn } from './search.ts';
import { useDeliveries } from './use-deliveries.ts';

// not the route itself: that would put this page into the first load
const route = getRouteApi('/deliveries');

const usualViews = [
  { name: 'Not delivered yet', search: 'status=pending&status=retrying&status=held' },
  { name: 'Failed', search: 'status=dead_lettered&status=quarantined' },
  { name: 'Failed in the last 24 hours', search: 'status=dead_lettered&status=quarantined&within=24h' },
];

export function Deliveries() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: '/deliveries' });
  const [isLive, setIsLive] = useState(true);
  const { query, rows, waiting, showNew } = useDeliveries(search, isLive);
  const openView = (text: string) => void navigate({ search: deliveriesSearchIn(parseSearch(text)) });
  return (
    <Page
      title="Deliveries"
      actions={
        <>
          <SavedViews list="deliveries" usual={usualViews} search={stringifySearch({ ...search }).slice(1)} onOpen={openView} />
          <LiveSwitch isLive={isLive} onChange={setIsLive} />
        </>
      }
    >
      <DeliveryFilters search={search} />
      <NewRows count={waiting} onShow={showNew} />
      <DeliveryList search={search} query={query} rows={rows} onClear={() => void navigate({ search: {} as DeliveriesSearch })} />
    </Page>
  );
}
