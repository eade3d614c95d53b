// The result of a test event.
import type { TestPending, TestResult } from '@posthorn/client';
import { indented } from '../../../parts/indent-json.ts';
import { Code } from '../../../parts/Json.tsx';
import { Facts } from '../../../parts/Page.tsx';
import { PathLink } from '../../../parts/PathLink.tsx';
import { Tag } from '../../../parts/Status.tsx';
import { duration } from '../../../words/format.ts';

export function TestOutcome({ result }: { result: TestResult | TestPending }) {
  if (!('attempt' in result)) {
    return (
      <div role="status">
        <Tag tone="neutral">Not sent yet</Tag>
        <p>{result.note}</p>
      </div>
    );
  }
  const { outcome, message, status, body, timings, headers } = result.attempt;
  const isAccepted = outcome === 'accepted';
  return (
    <div className="test-outcome" role="status">
      <p>
        <Tag tone={isAccepted ? 'good' : 'bad'}>{isAccepted ? 'Accepted' : 'Not accepted'}</Tag> {message}
      </p>
      <Facts
        facts={[
          ['Status', status ?? 'no answer'],
          ['Took', duration(timings.totalMs, 'en')],
          ['Type of the answer', headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '–'],
        ]}
      />
      {body ? (
        <Code text={indented(body)} kind={isJson(body) ? 'json' : 'text'} label="Body of the answer" />
      ) : (
        status !== null && <p className="quiet">The answer has no body.</p>
      )}
      <p>
        <PathLink to={`/deliveries/${result.delivery.id}`}>Open the delivery</PathLink>
      </p>
    </div>
  );
}

/** A look at its first character: what is coloured wrongly does no harm. */
const isJson = (body: string) => /^\s*[{[]/.test(body);
