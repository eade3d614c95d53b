// The pages. On a narrow screen the rail is a bar at the bottom: the first ones, and a button for all.
import { Link, useLocation } from '@tanstack/react-router';
import { type FocusEvent, type KeyboardEvent, type MouseEvent, useEffect, useId, useRef, useState } from 'react';
import { useLacksPage } from '../../api/use.ts';
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
  { to: '/keys', text: 'API keys', needs: 'admin' },
  { to: '/links', text: 'Portal links', needs: 'admin' },
  { to: '/sessions', text: 'Sessions', needs: 'admin' },
  { to: '/audit', text: 'Audit log', needs: 'admin' },
  { to: '/status', text: 'Status' },
  { to: '/welcome', text: 'First steps' },
] as const;

interface PageEntry {
  to: string;
  text: string;
  /** The scope without which the page shows nothing. */
  needs?: string;
}
export const pages: readonly PageEntry[] = [...entries, ...more];

const inBar = new Set<string>(['/', '/deliveries', '/endpoints', '/alerts']);

export function Rail() {
  const path = useLocation({ select: ({ pathname }) => pathname });
  // the path on which all are shown: going to another one closes
  const [openOn, setOpenOn] = useState<string>();
  const isOpen = openOn === path;
  const nav = useRef<HTMLElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const close = () => setOpenOn(undefined);
  /** The link that has the focus is hidden when all are not shown any more. */
  const leave = () => {
    close();
    button.current?.focus();
  };
  useEffect(() => {
    // the button stands after them
    if (isOpen) (nav.current?.querySelector<HTMLElement>('[aria-current]') ?? nav.current?.querySelector('a'))?.focus();
  }, [isOpen]);
  const here = pages.findLast(({ to }) => path === to || path.startsWith(`${to}/`));
  const isElsewhere = here !== undefined && !inBar.has(here.to);
  return (
    <nav
      ref={nav}
      id={id}
      className={`rail${isOpen ? ' rail-open' : ''}`}
      aria-label="Pages"
      onKeyDown={(event: KeyboardEvent) => {
        if (event.key !== 'Escape' || !isOpen) return;
        event.preventDefault();
        leave();
      }}
      // where a press gives a link no focus, it would hide the link before it is clicked
      onMouseDown={(event: MouseEvent) => isOpen && event.preventDefault()}
      onClick={({ target }: MouseEvent) => isOpen && target instanceof Element && target.closest('a') && leave()}
      onBlur={({ currentTarget, relatedTarget }: FocusEvent) => !currentTarget.contains(relatedTarget) && close()}
    >
      {entries.map((entry) => (
        <Entry key={entry.to} {...entry} />
      ))}
      <hr className="rail-line" />
      {more.map((entry) => (
        <Entry key={entry.to} {...entry} />
      ))}
      <button
        ref={button}
        type="button"
        className={`rail-link rail-more${isElsewhere && !isOpen ? ' rail-here' : ''}`}
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => (isOpen ? close() : setOpenOn(path))}
      >
        {isOpen ? 'Close' : 'More'}
        {isElsewhere && !isOpen && <span className="visually-hidden">, now {here.text}</span>}
      </button>
    </nav>
  );
}

function Entry({ to, text, needs }: PageEntry) {
  const lacks = useLacksPage(needs);
  return (
    <Link
      to={to}
      className={`rail-link${inBar.has(to) ? ' rail-first' : ''}`}
      activeOptions={{ exact: to === '/', includeSearch: false }}
      activeProps={{ className: 'rail-here', 'aria-current': 'page' }}
    >
      {text}
      {lacks && (
        <span className="rail-needs" title={lacks}>
          <span className="visually-hidden">({lacks})</span>
          <span aria-hidden>{needs}</span>
        </span>
      )}
    </Link>
  );
}
