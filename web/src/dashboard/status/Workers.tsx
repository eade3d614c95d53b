// The workers that were seen in the last seconds, each with its relay.
import type { InstallationStatusRelay } from '@posthorn/client';
import { type Column, DataTable } from '../../parts/DataTable.tsx';
import { Section } from '../../parts/Page.tsx';
import { Tag } from '../../parts/Status.tsx';
import { Time } from '../../parts/Time.tsx';
import { count } from '../../words/format.ts';

const columns: Column<InstallationStatusRelay>[] = [
  { id: 'process', header: 'Host and process', width: 'minmax(0, 2fr)', cell: ({ process }) => process },
  { id: 'mode', header: 'Dispatch', width: '110px', cell: ({ mode }) => mode },
  {
    id: 'temporal',
    header: 'Temporal',
    width: 'minmax(0, 2fr)',
    cell: ({ temporalError }) => <Tag tone={temporalError === null ? 'good' : 'bad'}>{temporalError ?? 'connected'}</Tag>,
  },
  { id: 'waiting', header: 'In its memory', isBare: true, width: '110px', cell: ({ waiting }) => count(waiting, 'en') },
  { id: 'started', header: 'Started', isBare: true, width: '120px', cell: ({ startedAt }) => <Time at={startedAt} /> },
  { id: 'seen', header: 'Seen', isBare: true, width: '110px', cell: ({ seenAt }) => <Time at={seenAt} /> },
];
const idOf = ({ id }: InstallationStatusRelay) => id;

export function Workers({ relays }: { relays: InstallationStatusRelay[] }) {
  return (
    <Section title={`Workers and their relays (${relays.length})`}>
      {relays.length === 0 && <p className="quiet">None. Start one with `posthorn worker`.</p>}
      {relays.length > 0 && <DataTable label="Workers" rows={relays} columns={columns} idOf={idOf} />}
    </Section>
  );
}
