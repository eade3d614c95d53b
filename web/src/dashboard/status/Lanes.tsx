// How many lanes send or wait, and the endpoints for which most is held.
import type { InstallationStatus, InstallationStatusHolding } from '@posthorn/client';
import { type Column, DataTable } from '../../parts/DataTable.tsx';
import { laneWaits } from '../../parts/lane-words.ts';
import { Facts, Section } from '../../parts/Page.tsx';
import { PathLink } from '../../parts/PathLink.tsx';
import { count, duration } from '../../words/format.ts';

const locale = 'en';
const columns: Column<InstallationStatusHolding>[] = [
  {
    id: 'url',
    header: 'Endpoint',
    width: 'minmax(0, 2fr)',
    cell: ({ url, endpoint }) => (
      <PathLink className="row-link" to={`/endpoints/${endpoint}/lane`}>
        {url}
      </PathLink>
    ),
  },
  { id: 'tenant', header: 'Tenant', width: 'minmax(0, 1fr)', cell: ({ tenant }) => tenant },
  { id: 'held', header: 'Held', isBare: true, width: '90px', cell: ({ held }) => count(held, locale) },
  { id: 'oldest', header: 'Oldest', isBare: true, width: '90px', cell: ({ oldestSeconds }) => duration(oldestSeconds * 1_000, locale) },
  {
    id: 'why',
    header: 'Why nothing is sent',
    width: 'minmax(0, 2fr)',
    cell: ({ state, waitingFor }) => (waitingFor === null ? (state === 'awake' ? 'It sends' : '–') : laneWaits[waitingFor]),
  },
];
const idOf = ({ endpoint }: InstallationStatusHolding) => endpoint;

export function Lanes({ status: { lanes, held, holding } }: { status: InstallationStatus }) {
  return (
    <Section title="Lanes">
      <Facts
        facts={[
          ['Awake: sending', count(lanes.awake, locale)],
          ['Idle: waiting for deliveries', count(lanes.idle, locale)],
          ['Blocked: waiting for a time or a change', count(lanes.blocked, locale)],
          ['Held deliveries', `${count(held.deliveries, locale)}${held.atLeast ? ' or more' : ''}`],
        ]}
      />
      {holding.length > 0 && <DataTable label="Endpoints with the most held deliveries" rows={holding} columns={columns} idOf={idOf} />}
    </Section>
  );
}
