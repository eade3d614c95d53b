// The ways of an event as a small graph: a line to each endpoint that gets it, a broken one to each that does not. Of many
// endpoints it shows groups. The table says the same in full.
import { Tag } from '../../parts/Status.tsx';
import { groupsOf, sentenceOf, shortOf, toneOf, type Way } from './fan-out.ts';
import './fan-out-graph.css';

interface End {
  key: string;
  name: string;
  code: Way['code'];
  isSent: boolean;
}

const mostEnds = 12;
const rowPx = 30;
const widthPx = 160;

export function FanOutGraph({ type, ways }: { type: string; ways: readonly Way[] }) {
  if (ways.length === 0) return null;
  const ends = endsOf(ways);
  const height = ends.length * rowPx;
  return (
    <div className="fan-out" role="img" aria-label={sentenceOf(ways)}>
      <span className="fan-out-event">{type}</span>
      <svg
        className="fan-out-lines"
        viewBox={`0 0 ${widthPx} ${height}`}
        width={widthPx}
        height={height}
        preserveAspectRatio="none"
        aria-hidden
      >
        {ends.map(({ key, code, isSent }, index) => (
          <Line key={key} from={height / 2} to={(index + 0.5) * rowPx} tone={toneOf(code)} isSent={isSent} />
        ))}
      </svg>
      <ul className="fan-out-ends">
        {ends.map(({ key, name, code, isSent }) => (
          <li key={key} className={isSent ? '' : 'quiet'}>
            <span className="fan-out-name">{name}</span>
            <Tag tone={toneOf(code)}>{shortOf(code)}</Tag>
          </li>
        ))}
      </ul>
    </div>
  );
}

function endsOf(ways: readonly Way[]): End[] {
  if (ways.length <= mostEnds) return ways.map(({ endpoint, name, code, isSent }) => ({ key: endpoint, name, code, isSent }));
  return groupsOf(ways).map(({ code, isSent, count }) => ({
    key: `${code} ${isSent}`,
    name: `${count.toLocaleString('en')} ${count === 1 ? 'endpoint' : 'endpoints'}`,
    code,
    isSent,
  }));
}

interface LineProps {
  from: number;
  to: number;
  tone: string;
  isSent: boolean;
}

/** What is not sent ends on its way. */
function Line({ from, to, tone, isSent }: LineProps) {
  const middle = widthPx / 2;
  const path = `M 0 ${from} C ${middle} ${from} ${middle} ${to} ${widthPx} ${to}`;
  return <path d={path} className={`fan-out-line line-${tone}${isSent ? '' : ' fan-out-broken'}`} />;
}
