// The pages. On a narrow screen the rail is a bar at the bottom.
import { Link } from '@tanstack/react-router';
import './rail.css';

/** Each page adds itself here. `more`: under the line. */
const entries = [
  { to: '/deliveries', text: 'Deliveries' },
  { to: '/tenants', text: 'Tenants' },
] as const;

export function Rail() {
  return (
    <nav className="rail" aria-label="Pages">
      {entries.map(({ to, text }) => (
        <Link key={to} to={to} className="rail-link" activeProps={{ className: 'rail-here', 'aria-current': 'page' }}>
          {text}
        </Link>
      ))}
    </nav>
  );
}
