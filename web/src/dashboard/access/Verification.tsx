// Verifies the audit log: computes the hash of every entry again.
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { useBoundTo } from '../../api/use.ts';
import { Button } from '../../parts/Button.tsx';
import { Id } from '../../parts/Copy.tsx';
import { TextField } from '../../parts/Field.tsx';
import { Problem, problemAt } from '../../parts/States.tsx';
import { Tag } from '../../parts/Status.tsx';
import { count } from '../../words/format.ts';
import './access.css';

export function Verification() {
  const [expect, setExpect] = useState('');
  const isBound = useBoundTo() !== null;
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: () => posthorn.auditLog.verify(expect.trim() === '' ? {} : { expect: expect.trim() }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    mutate();
  };
  const problem = problemAt(error, 'expect');
  return (
    <details className="audit-verified">
      <summary>Verify the log</summary>
      <p className="quiet">
        Each entry has a hash that covers the one before it. An entry that was changed, removed or inserted is found. Keep the head
        elsewhere and give it here the next time: then a log whose end was cut off is found, too.
      </p>
      <form className="form" onSubmit={submit}>
        <TextField
          label="Expected hash"
          value={expect}
          problem={problem}
          onChange={({ target }) => setExpect(target.value)}
          hint="A head of an earlier time, or the hash of any entry that must be there. May be empty."
        />
        <div>
          <Button type="submit" isPending={isPending} because={isBound ? 'needs a key that is not bound to a tenant' : undefined}>
            Verify
          </Button>
        </div>
      </form>
      {error && !problem && <Problem error={error} />}
      <div role="status" className="audit-found">
        {data?.broken && (
          <Tag tone="bad">
            Broken: entry {data.broken.seq} {data.broken.reason}
          </Tag>
        )}
        {data?.unbroken && (
          <>
            <Tag tone="good">Unbroken: {count(data.entries ?? 0, 'en')} entries</Tag>
            <p>
              Head <Id id={data.head ?? ''} />
            </p>
          </>
        )}
        {[...(data?.unguarded ?? []), ...(data?.remarks ?? [])].map((text) => (
          <p key={text}>{text}</p>
        ))}
      </div>
    </details>
  );
}
