// JSON with colours, other text as it is. It reads tokens and never interprets: what a receiver sent may be anything.
import { Fragment } from 'react';
import './json.css';

const token = /("(?:[^"\\]|\\.)*"?)(\s*:)?|(-?\d[\d.eE+-]*)|\b(true|false|null)\b/g;
const mostColoured = 100_000;

export interface CodeProps {
  text: string;
  /** For screen readers, since the block scrolls and takes the focus. */
  label: string;
  kind?: 'json' | 'text';
  /** Of what is written in it, such as comments; undefined: that of the page. */
  lang?: string;
}

export function Code({ text, label, kind = 'json', lang }: CodeProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <pre className="code" tabIndex={0} role="region" aria-label={label}>
      {/* the label stays in the language of the page */}
      <span lang={lang}>{kind === 'json' && text.length <= mostColoured ? coloured(text) : text}</span>
    </pre>
  );
}

function coloured(text: string) {
  const parts: { kind: string; text: string }[] = [];
  let end = 0;
  for (const match of text.matchAll(token)) {
    if (match.index > end) parts.push({ kind: '', text: text.slice(end, match.index) });
    const [whole, string, colon, number] = match;
    parts.push({ kind: string ? (colon ? 'key' : 'string') : number ? 'number' : 'word', text: whole });
    end = match.index + whole.length;
  }
  parts.push({ kind: '', text: text.slice(end) });
  return parts.map(({ kind, text }, index) =>
    kind === '' ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have no other name
      <Fragment key={index}>{text}</Fragment>
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have no other name
      <span key={index} className={`json-${kind}`}>
        {text}
      </span>
    ),
  );
}
