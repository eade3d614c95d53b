// What a schema changes, and whom that breaks, in the words of the API.
import type { Compatibility } from '@posthorn/client';
import { Tag } from '../../parts/Status.tsx';

export function Changes({ compatibility: { compatible, changes } }: { compatibility: Compatibility }) {
  return (
    <>
      <p>
        <Tag tone={compatible ? 'good' : 'bad'}>{compatible ? 'Compatible: it breaks nobody.' : 'It breaks producers or consumers.'}</Tag>
      </p>
      {changes.length === 0 && <p className="quiet">Nothing that matters for validation has changed.</p>}
      {changes.length > 0 && (
        <ul className="type-changes">
          {changes.map(({ path, message, breaks }) => (
            <li key={`${path} ${message}`}>
              <code>{path}</code> {message}
              {breaks.length > 0 && <span className="type-breaks"> (breaks {breaks.join(' and ')})</span>}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
