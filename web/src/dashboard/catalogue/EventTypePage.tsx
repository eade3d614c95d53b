// One event type: what it is, its versions with schema and examples, and what each version changed.
import type { EventType, EventTypeVersion } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { useLacksInstallation } from '../../api/use.ts';
import { Button } from '../../parts/Button.tsx';
import { Copy } from '../../parts/Copy.tsx';
import { Facts, Page, Section } from '../../parts/Page.tsx';
import { Empty, Problem, Skeleton } from '../../parts/States.tsx';
import { Time } from '../../parts/Time.tsx';
import { DeleteType } from './DeleteType.tsx';
import { NewVersion } from './NewVersion.tsx';
import { TypeSettings } from './TypeSettings.tsx';
import { TypeState } from './TypeState.tsx';
import { typeQuery } from './type-query.ts';
import { Version } from './Version.tsx';
import './catalogue.css';

const route = getRouteApi('/catalogue/$type');

export function EventTypePage() {
  const { type: name } = route.useParams();
  const type = useQuery(typeQuery(name));
  const versions = useQuery({
    queryKey: ['event-types', 'versions', name],
    queryFn: ({ signal }) => posthorn.eventTypes.versions(name, { signal }),
  });
  const error = type.error ?? versions.error;
  return (
    <Page
      title={name}
      heading={<Heading name={name} />}
      back={{ to: '/catalogue', text: 'Catalogue' }}
      actions={type.data && <Actions type={type.data} versions={versions.data?.data ?? []} />}
    >
      {error && !(type.data && versions.data) && (
        <Problem error={error} onRetry={() => void Promise.all([type.refetch(), versions.refetch()])} />
      )}
      {!error && !(type.data && versions.data) && <Skeleton rows={12} />}
      {type.data && <About type={type.data} />}
      {versions.data && <Versions name={name} versions={versions.data.data} />}
    </Page>
  );
}

function Heading({ name }: { name: string }) {
  return (
    <span className="type-heading">
      {name} <Copy text={name} />
    </span>
  );
}

function Actions({ type, versions }: { type: EventType; versions: EventTypeVersion[] }) {
  const because = useLacksInstallation();
  const [open, setOpen] = useState<'settings' | 'version' | 'delete' | null>(null);
  const close = () => setOpen(null);
  return (
    <>
      <Button onPress={() => setOpen('version')} because={because}>
        Add a version
      </Button>
      <Button onPress={() => setOpen('settings')} because={because}>
        Edit settings
      </Button>
      <Button tone="danger" onPress={() => setOpen('delete')} because={because}>
        Delete
      </Button>
      {open === 'settings' && <TypeSettings type={type} onClose={close} />}
      {open === 'version' && <NewVersion name={type.name} current={versions[0]} onClose={close} />}
      {open === 'delete' && <DeleteType name={type.name} versions={versions.length} onClose={close} />}
    </>
  );
}

const visibilityWords = { public: 'Public: tenants and their portals see it', internal: 'Internal: only keys of all tenants see it' };
const validationWords = {
  reject: 'Reject: events that violate the schema are refused',
  warn: 'Warn: they are accepted with a warning',
  off: 'Off: events are not checked',
};

function About({ type }: { type: EventType }) {
  const { description, group, owner, tags, visibility, validation, deprecatedAt, sunsetAt, createdAt } = type;
  return (
    <>
      {description && <p className="type-description">{description}</p>}
      <Facts
        facts={[
          ['State', <TypeState key="state" type={type} />],
          [
            'Group',
            group === null ? (
              '–'
            ) : (
              <Link key="group" to="/catalogue" search={{ group }}>
                {group}
              </Link>
            ),
          ],
          ['Owner', owner ?? '–'],
          ['Tags', tags.length === 0 ? '–' : tags.join(', ')],
          ['Validation', validationWords[validation]],
          ['Visibility', visibilityWords[visibility]],
          ['Deprecated', deprecatedAt === null ? 'no' : <Time key="deprecated" at={deprecatedAt} />],
          ['Sunset', sunsetAt === null ? 'none' : <Time key="sunset" at={sunsetAt} />],
          ['Registered', <Time key="created" at={createdAt} />],
        ]}
      />
    </>
  );
}

function Versions({ name, versions }: { name: string; versions: EventTypeVersion[] }) {
  const { version: chosen } = route.useSearch();
  const shown = versions.find(({ version }) => String(version) === chosen) ?? versions[0];
  if (!shown) {
    return (
      <Section title="Versions">
        <Empty title="No version yet">Add a version with a schema or with examples. Until then events of this type are not checked.</Empty>
      </Section>
    );
  }
  return (
    <Section title="Versions">
      <nav className="type-versions" aria-label="Versions">
        {versions.map(({ version }, index) => (
          <Link
            key={version}
            to="/catalogue/$type"
            params={{ type: name }}
            search={{ version: String(version) }}
            className={version === shown.version ? 'type-version type-version-here' : 'type-version'}
            {...(version === shown.version && { 'aria-current': 'true' as const })}
          >
            {version}
            {index === 0 && ' (current)'}
          </Link>
        ))}
      </nav>
      <Version name={name} shown={shown} versions={versions} />
    </Section>
  );
}
