// Step 3: the deliveries of the tenant as they happen, and what the test endpoint received.
import type { Delivery, SandboxRequest } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { posthorn } from '../../api/client.ts';
import { PathLink } from '../../parts/PathLink.tsx';
import { Status, Tag } from '../../parts/Status.tsx';
import { Time } from '../../parts/Time.tsx';

/** `sandboxId`: null if the receiver is no test endpoint of the tenant, and keeps no records for it. */
export function Arrival({ deliveries, sandboxId }: { deliveries: Delivery[]; sandboxId: string | null }) {
  const delivered = deliveries.some(({ status }) => status === 'succeeded');
  const { data } = useQuery({
    queryKey: ['sandboxes', 'requests', sandboxId, deliveries[0]?.id, delivered],
    queryFn: ({ signal }) => posthorn.sandboxes.requests(sandboxId ?? '', { limit: 1 }, { signal }).page(),
    enabled: delivered && sandboxId !== null,
  });
  const received = data?.data[0];
  return (
    <div role="status" className="arrival">
      {deliveries.length === 0 && <p className="quiet">Waiting for the event …</p>}
      {deliveries.length > 0 && (
        <ul className="arrival-list">
          {deliveries.map(({ id, status, eventType, lastMessage, createdAt }) => (
            <li key={id}>
              <Status status={status} />
              <PathLink to={`/deliveries/${id}`}>{eventType}</PathLink>
              <span className="arrival-message">{lastMessage}</span>
              <span className="quiet">
                <Time at={createdAt} />
              </span>
            </li>
          ))}
        </ul>
      )}
      {received && <Received request={received} />}
      {delivered && (
        <p>
          That is all. From here: <PathLink to="/endpoints">endpoints of your own</PathLink>, the{' '}
          <PathLink to="/catalogue">catalogue</PathLink> of event types, the <a href="/docs/">documentation</a>, or the{' '}
          <PathLink to="/">overview</PathLink>.
        </p>
      )}
    </div>
  );
}

function Received({ request: { signature, statusAnswered } }: { request: SandboxRequest }) {
  const isValid = signature === 'valid';
  return (
    <p>
      <Tag tone={isValid ? 'good' : 'bad'}>
        The test endpoint got it{statusAnswered !== null && ` and answered ${statusAnswered}`}.{' '}
        {isValid ? 'Its signature is valid.' : `Its signature was refused: ${signature}.`}
      </Tag>
    </p>
  );
}
