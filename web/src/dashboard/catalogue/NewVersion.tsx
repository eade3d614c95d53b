// Adds a version of a type. What it breaks, and whom it touches, is shown before it is stored.
import type { CompareEventTypeResult, EventTypeVersion } from '@posthorn/client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { Dialog } from '../../parts/Dialog.tsx';
import { FormActions } from '../../parts/FormActions.tsx';
import { Problem } from '../../parts/States.tsx';
import { say } from '../../parts/Toasts.tsx';
import { useOrder } from '../../parts/use-order.ts';
import { Changes } from './Changes.tsx';
import { type SchemaDraft, SchemaFields, schemaOf } from './SchemaFields.tsx';

const route = getRouteApi('/catalogue/$type');

export function NewVersion({ name, current, onClose }: { name: string; current: EventTypeVersion | undefined; onClose: () => void }) {
  const queries = useQueryClient();
  const navigate = route.useNavigate();
  const [draft, setDraft] = useState<SchemaDraft>(() => draftOf(current));
  const version = schemaOf(draft);
  const compare = useMutation({ mutationFn: () => posthorn.eventTypes.compare(name, version ?? {}) });
  const put = useOrder({
    send: () => posthorn.eventTypes.putVersion(name, version ?? {}),
    // the page knows the version before it shows it
    onDone: async (added) => {
      await queries.invalidateQueries({ queryKey: ['event-types'] });
      say(`Version ${added.version} is added.`);
    },
    onward: async (added) => {
      await navigate({ search: { version: String(added.version) } });
      onClose();
    },
  });
  const change = (next: SchemaDraft) => {
    setDraft(next);
    // what was compared is not what is typed now
    compare.reset();
    put.reset();
  };
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!version || compare.isPending || put.isPending) return;
    if (compare.data) put.mutate();
    else compare.mutate();
  };
  const error = put.error ?? compare.error;
  return (
    <Dialog title={`Add a version of ${name}`} isOpen onClose={onClose} place="side">
      <form className="form" onSubmit={send}>
        <SchemaFields draft={draft} onChange={change} error={error} />
        {error && <Problem error={error} />}
        {compare.data && <Effect result={compare.data} />}
        <FormActions
          action={compare.data ? `Add version ${compare.data.version}` : 'Compare with the current version'}
          isPending={compare.isPending || put.isPending}
        />
      </form>
    </Dialog>
  );
}

function draftOf(current: EventTypeVersion | undefined): SchemaDraft {
  const text = (value: unknown) => (value === null || value === undefined ? '' : JSON.stringify(value, null, 2));
  return { schema: text(current?.schema), examples: current && current.examples.length > 0 ? text(current.examples) : '' };
}

function Effect({ result: { comparedWith, compatibility, touches } }: { result: CompareEventTypeResult }) {
  const { endpoints, filters } = touches;
  return (
    <section className="type-column" role="status">
      <h3>{comparedWith === null ? 'It is the first version' : `Compared with version ${comparedWith}`}</h3>
      {compatibility && <Changes compatibility={compatibility} />}
      <p>
        {endpoints === 0
          ? 'No endpoint gets events of this type.'
          : `${endpoints} ${endpoints === 1 ? 'endpoint gets' : 'endpoints get'} events of this type.`}
      </p>
      {filters.length > 0 && (
        <ul className="type-changes">
          {filters.map(({ endpoint, tenant, paths }) => (
            <li key={endpoint}>
              The filter of <code>{endpoint}</code> ({tenant}) looks at {paths.join(', ')}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
