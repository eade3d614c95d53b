// One alert, beside the list: what happened, what to do about it, and who works on it.
import type { Alert } from '@posthorn/client';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { posthorn } from '../../api/client.ts';
import { useLacks } from '../../api/use.ts';
import { alertKindWords } from '../../parts/alert-kinds.ts';
import { Button } from '../../parts/Button.tsx';
import { Id } from '../../parts/Copy.tsx';
import { Dialog } from '../../parts/Dialog.tsx';
import { restMs } from '../../parts/live/use-fresh.ts';
import { Facts } from '../../parts/Page.tsx';
import { PathLink } from '../../parts/PathLink.tsx';
import { Problem, Skeleton } from '../../parts/States.tsx';
import { Tag } from '../../parts/Status.tsx';
import { severityWords, toneOfSeverity } from '../../parts/severity.ts';
import { Time } from '../../parts/Time.tsx';
import { say } from '../../parts/Toasts.tsx';
import { count } from '../../words/format.ts';

export function AlertSheet({ id, onClose }: { id: string; onClose: () => void }) {
  const { data, error } = useQuery({
    queryKey: ['alerts', 'one', id],
    queryFn: ({ signal }) => posthorn.alerts.get(id, { signal }),
    refetchInterval: restMs,
  });
  return (
    <Dialog title={data?.title ?? 'Alert'} isOpen onClose={onClose} place="side">
      {error && !data && <Problem error={error} />}
      {!data && !error && <Skeleton rows={6} />}
      {data && <AlertDetail alert={data} />}
    </Dialog>
  );
}

function AlertDetail({ alert }: { alert: Alert }) {
  const { id, kind, severity, state, tenant, endpoint, detail, count: things, openedAt, acknowledgedAt, closedAt } = alert;
  const at = (time: string | null) => (time === null ? '–' : <Time at={time} />);
  return (
    <>
      <Tag tone={toneOfSeverity[severity]}>
        {severityWords[severity]}, {state}
      </Tag>
      <p>{detail}</p>
      {state === 'open' && <Acknowledge id={id} />}
      {endpoint !== null && (
        <ul className="alert-links">
          <li>
            <PathLink to={`/endpoints/${endpoint}`}>Open the endpoint</PathLink>
          </li>
          <li>
            <PathLink to="/deliveries" search={{ endpoint, status: ['retrying', 'held', 'dead_lettered'] }}>
              Its deliveries that are not delivered
            </PathLink>
          </li>
        </ul>
      )}
      <Facts
        facts={[
          ['Kind', alertKindWords[kind]],
          ['Tenant', tenant ?? 'none: it is about the installation'],
          ['Things it is about now', count(things, 'en')],
          ['Opened', at(openedAt)],
          ['Acknowledged', at(acknowledgedAt)],
          ['Closed', at(closedAt)],
          ['Id', <Id key="id" id={id} />],
        ]}
      />
    </>
  );
}

function Acknowledge({ id }: { id: string }) {
  const queries = useQueryClient();
  const because = useLacks('endpoints:write');
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => posthorn.alerts.acknowledge(id),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: ['alerts'] });
      say('Acknowledged. The alert closes when its cause ends.');
    },
  });
  return (
    <div className="alert-acknowledge">
      <Button tone="primary" onPress={() => mutate()} isPending={isPending} because={because}>
        Acknowledge
      </Button>
      <p className="quiet">Tells the others that somebody works on it. It stays open until its cause ends.</p>
      {error && <Problem error={error} />}
    </div>
  );
}
