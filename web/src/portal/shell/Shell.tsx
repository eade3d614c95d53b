// The frame of all pages of the portal: whose it is, the pages, the page itself, and the language.
import type { CurrentPortalLink } from '@posthorn/client';
import { Link, Outlet, useLocation } from '@tanstack/react-router';
import { type ReactNode, useEffect, useRef, useSyncExternalStore } from 'react';
import { useMay, useSignedIn } from '../../api/use.ts';
import { ConnectionBar } from '../../parts/ConnectionBar.tsx';
import { PageChange } from '../../parts/PageChange.tsx';
import { Toasts } from '../../parts/Toasts.tsx';
import { useLeaveQuestion } from '../../parts/use-leave-question.ts';
import { useHasFreshSecret } from '../fresh-secrets.ts';
import { entries } from './entries.ts';
import { followHeight } from './frame/host.ts';
import { LinkEnded } from './LinkEnded.tsx';
import { LinkNotice } from './LinkNotice.tsx';
import { portalLink } from './link/link.ts';
import { OrderGivenUp } from './OrderGivenUp.tsx';
import { LanguageProvider, useLanguage, usePortalWords } from './words/language.tsx';
import './shell.css';

export function Shell() {
  const state = useSyncExternalStore(portalLink.subscribe, portalLink.get);
  return (
    <LanguageProvider>
      {state.state === 'open' ? (
        <Open key={state.link.tenant.id} link={state.link} />
      ) : (
        <Measured>
          <ConnectionBar />
          <LinkNotice state={state} />
        </Measured>
      )}
    </LanguageProvider>
  );
}

function Open({ link }: { link: CurrentPortalLink }) {
  const words = usePortalWords();
  const hasEnded = useSignedIn().state === 'ended';
  // whatever page is open: the API shows a secret only once
  useLeaveQuestion(useHasFreshSecret());
  return (
    <Measured>
      <a className="skip" href="#content">
        {words.skip}
      </a>
      <header className="portal-head">
        <div className="portal-owner">
          {link.theme.logo !== null && <img className="portal-logo" src={link.theme.logo} alt="" />}
          <span className="portal-name">{link.tenant.name}</span>
        </div>
        <LanguageMenu />
        <Pages />
      </header>
      <main id="content" className="portal-main" tabIndex={-1}>
        <ConnectionBar />
        <Outlet />
      </main>
      <PageChange />
      <Toasts />
      {hasEnded ? <LinkEnded /> : <OrderGivenUp />}
    </Measured>
  );
}

function Pages() {
  const words = usePortalWords();
  const nav = useRef<HTMLElement>(null);
  const path = useLocation({ select: ({ pathname }) => pathname });
  // on a narrow screen the page that is shown may be out of sight
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is another link for each path
  useEffect(() => {
    const here = nav.current?.querySelector<HTMLElement>('.portal-here');
    if (here) nav.current?.scrollTo({ left: here.offsetLeft - nav.current.clientWidth / 3 });
  }, [path]);
  return (
    <nav ref={nav} className="portal-pages" aria-label={words.pages}>
      {entries.map((entry) => (
        <PageLink key={entry.to} {...entry} />
      ))}
    </nav>
  );
}

function PageLink({ to, text, scope }: (typeof entries)[number]) {
  const words = usePortalWords();
  if (!useMay(scope)) return null;
  return (
    <Link to={to} className="portal-page" activeProps={{ className: 'portal-here', 'aria-current': 'page' }}>
      {words[text]}
    </Link>
  );
}

const languages = ['en', 'de'] as const;
const nameOf = { en: 'English', de: 'Deutsch' };

function LanguageMenu() {
  const words = usePortalWords();
  const { language, choose } = useLanguage();
  if (choose === null) return null;
  // not a menu: the first load would be a sixth larger
  return (
    <select
      className="portal-language"
      aria-label={words.language}
      value={language}
      onChange={({ target }) => choose(target.value === 'de' ? 'de' : 'en')}
    >
      {languages.map((id) => (
        <option key={id} value={id} lang={id}>
          {nameOf[id]}
        </option>
      ))}
    </select>
  );
}

/** The page around is told how high it is. */
function Measured({ children }: { children: ReactNode }) {
  const content = useRef<HTMLDivElement>(null);
  useEffect(() => (content.current ? followHeight(content.current) : undefined), []);
  return (
    <div ref={content} className="portal">
      {children}
    </div>
  );
}
