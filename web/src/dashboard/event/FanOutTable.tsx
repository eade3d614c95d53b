// What became of an event at each endpoint, and why not.
import { type Column, DataTable } from '../../parts/DataTable.tsx';
import { PathLink } from '../../parts/PathLink.tsx';
import { Tag } from '../../parts/Status.tsx';
import { WithTimes } from '../../parts/WithTimes.tsx';
import { shortOf, toneOf, type Way } from './fan-out.ts';

const columns: Column<Way>[] = [
  {
    id: 'endpoint',
    header: 'Endpoint',
    width: 'minmax(0, 1.4fr)',
    cell: ({ name, endpoint, delivery }) => (
      // without a delivery, what the endpoint wants says more than anything else
      <PathLink to={delivery ? `/deliveries/${delivery}` : `/endpoints/${endpoint}`} className="row-link">
        <span title={`${name}\n${endpoint}`}>{name}</span>
      </PathLink>
    ),
  },
  { id: 'code', header: 'Outcome', width: '200px', cell: ({ code }) => <Tag tone={toneOf(code)}>{shortOf(code)}</Tag> },
  { id: 'message', header: 'Why', width: 'minmax(0, 3fr)', cell: ({ message, advice }) => <Why message={message} advice={advice} /> },
  {
    id: 'attempts',
    header: 'Attempts',
    width: '88px',
    cell: ({ attempts }) => attempts !== null && `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`,
  },
];

const idOf = ({ endpoint }: Way) => endpoint;

export function FanOutTable({ ways }: { ways: readonly Way[] }) {
  return <DataTable label="Endpoints" rows={ways} columns={columns} idOf={idOf} />;
}

function Why({ message, advice }: { message: string; advice: string | null }) {
  return (
    <span className="fan-out-why">
      <WithTimes text={message} /> {advice && <span className="quiet">{advice}</span>}
    </span>
  );
}
