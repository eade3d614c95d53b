// One entry of the audit log: what it was before and after, and its place in the chain.
import type { AuditEntry } from '@posthorn/client';
import { Id } from '../../parts/Copy.tsx';
import { Dialog } from '../../parts/Dialog.tsx';
import { indented } from '../../parts/indent-json.ts';
import { Code } from '../../parts/Json.tsx';
import { Facts } from '../../parts/Page.tsx';
import { Time } from '../../parts/Time.tsx';
import { actorText } from './audit-words.ts';

export function AuditSheet({ entry, onClose }: { entry: AuditEntry; onClose: () => void }) {
  const { seq, at, actor, action, target, tenant, address, requestId, before, after, hash } = entry;
  return (
    <Dialog title={`Entry ${seq}: ${action}`} isOpen onClose={onClose} place="side">
      <Facts
        facts={[
          ['When', <Time key="at" at={at} />],
          ['Who', actorText(actor)],
          ...(actor.kind === 'session' && actor.id !== null
            ? [['Session', <Id key="session" id={actor.id} />] as [string, React.ReactNode]]
            : []),
          ['What', <Id key="target" id={target.id} />],
          ['Tenant', tenant ?? 'none'],
          ['From', address ?? 'not a request, or not yours to see'],
          ['Request', requestId === null ? 'none' : <Id key="request" id={requestId} />],
        ]}
      />
      <h3>Before</h3>
      {before ? (
        <Code text={indented(JSON.stringify(before))} label="Before" />
      ) : (
        <p className="quiet">It did not exist, or nothing of it is shown.</p>
      )}
      <h3>After</h3>
      {after ? (
        <Code text={indented(JSON.stringify(after))} label="After" />
      ) : (
        <p className="quiet">It does not exist any more, or nothing of it is shown.</p>
      )}
      <h3>Hash</h3>
      <p className="quiet">It covers this entry and all before it.</p>
      <Id id={hash} />
    </Dialog>
  );
}
