// Two schemas line by line. Removed and added lines have a sign, not only a colour.
import { useMemo } from 'react';
import { type DiffLine, lineDiff } from '../../parts/line-diff.ts';

const signs: Record<DiffLine['kind'], string> = { same: ' ', removed: '−', added: '+' };

export function SchemaDiff({ before, after, label }: { before: string; after: string; label: string }) {
  const lines = useMemo(() => lineDiff(before, after), [before, after]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <pre className="code diff" tabIndex={0} role="region" aria-label={label}>
      {lines.map(({ kind, text }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines of a text have no other name
        <span key={index} className={`diff-line diff-${kind}`}>
          {signs[kind]} {text}
          {'\n'}
        </span>
      ))}
    </pre>
  );
}
