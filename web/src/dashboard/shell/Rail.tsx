// The pages. On a narrow screen the rail is a bar at the bottom.
import { Link } from '@tanstack/react-router';
import './rail.css';

/** Each page adds itself here: what is used every day. */
const entries = [
  { to: '/', text: 'Overview' },
  { to: '/deliveries', text: 'Deliveries' },
  { to: '/events', text: 'Events' },
  { to: '/endpoints', text: 'Endpoints' },
  { to: '/dead-letters', text: 'Dead letters' },
  { to: '/alerts', text: 'Alerts' },
] as const;

/** Under the line: what is set up, or looked at when something is wrong. */
const more = [
  { to: '/replays', text: 'Replays' },
  { to: '/quarantine', text: 'Quarantine' },
  { to: '/missed', text: 'Missed events' },
  { to: '/catalogue', text: 'Catalogue' },
  { to: '/channels', text: 'Channels' },
  { to: '/tenants', text: 'Tenants' },
  { to: '/keys', text: 'API keys' },
  { to: '/links', text: 'Portal links' },
  { to: '/sessions', text: 'Sessions' },
  { to: '/audit', text: 'Audit log' },
  { to: '/status', text: 'Status' },
  { to: '/welcome', text: 'First steps' },
] as const;

export const pages: readonly { to: string; text: string }[] = [...entries, ...more];

export function Rail() {
  return (
    <nav className="rail" aria-label="Pages">
      {entries.map((entry) => (
        <Entry key={entry.to} {...entry} />
      ))}
      <hr className="rail-line" />
      {more.map((entry) => (
        <Entry key={entry.to} {...entry} />
      ))}
    </nav>
  );
}

function Entry({ to, text }: (typeof entries | typeof more)[number]) {
  return (
    <Link
      to={to}
      className="rail-link"
      activeOptions={{ exact: to === '/', includeSearch: false }}
      activeProps={{ className: 'rail-here', 'aria-current': 'page' }}
    >
      {text}
    </Link>
  );
}
