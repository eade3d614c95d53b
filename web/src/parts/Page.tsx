// The frame of a page: its title, what can be done, its content.
import { type ReactNode, type RefObject, useLayoutEffect } from 'react';
import { useWords } from '../words/words.tsx';
import { Back, type BackProps } from './Back.tsx';
import { Clamped, useClamp } from './Clamped.tsx';
import './page.css';

export interface PageProps {
  title: string;
  /** Shown in place of the title, such as an id with a copy button. The title still names the tab. */
  heading?: ReactNode;
  /** The list in which this is one thing. */
  back?: BackProps;
  actions?: ReactNode;
  children: ReactNode;
}

export function Page({ title, heading, back, actions, children }: PageProps) {
  const { product } = useWords();
  const clamp = useClamp();
  // before anybody is told of the new page
  useLayoutEffect(() => {
    document.title = `${title} · ${product}`;
  }, [title, product]);
  return (
    <div className="page">
      <header className="page-head">
        <div className="page-title">
          {back && <Back {...back} />}
          {/* takes the focus when the page was opened */}
          <h1 ref={clamp.ref as RefObject<HTMLHeadingElement | null>} className={clamp.className} tabIndex={-1}>
            {heading ?? title}
          </h1>
          {clamp.more}
        </div>
        {actions && <div className="page-actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

export function Section({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <section className="section">
      <header className="section-head">
        <h2>{title}</h2>
        {actions}
      </header>
      {children}
    </section>
  );
}

/** Names and values. */
export function Facts({ facts }: { facts: [name: string, value: ReactNode][] }) {
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{typeof value === 'string' ? <Clamped>{value}</Clamped> : value}</dd>
        </div>
      ))}
    </dl>
  );
}
