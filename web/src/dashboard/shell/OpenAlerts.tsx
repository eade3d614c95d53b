// How many alerts need somebody, on every page. Nothing while there are none.
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { posthorn } from '../../api/client.ts';
import { useMay } from '../../api/use.ts';
import { restMs, useFreshAlerts } from '../../parts/live/use-fresh.ts';

const most = 100;

export function OpenAlerts() {
  const may = useMay('endpoints:read');
  useFreshAlerts();
  const { data } = useQuery({
    queryKey: ['alerts', 'open'],
    queryFn: ({ signal }) => posthorn.alerts.list({ state: 'open', minSeverity: 'warning', limit: most }, { signal }).page(),
    refetchInterval: restMs,
    enabled: may,
  });
  const count = data?.data.length ?? 0;
  if (count === 0) return null;
  const isCritical = data?.data.some(({ severity }) => severity === 'critical');
  return (
    <Link to="/alerts" className={`top-bar-alerts tag ${isCritical ? 'tag-bad' : 'tag-warning'}`}>
      <span className="tag-dot" aria-hidden="true" />
      {count}
      {data?.nextCursor ? '+' : ''} {count === 1 ? 'alert' : 'alerts'}
    </Link>
  );
}
