// The report of a conformance run, in the words of the API.
import type { ConformanceCase, ConformanceReport } from '@posthorn/client';
import { Tag, type Tone } from '../../../parts/Status.tsx';
import { Time } from '../../../parts/Time.tsx';
import { duration } from '../../../words/format.ts';
import './conformance.css';

type Judged = Omit<ConformanceCase, 'case'>;

const verdicts: Record<ConformanceCase['verdict'], [Tone, string]> = {
  passed: ['good', 'Passed'],
  warned: ['warning', 'Passed with a remark'],
  failed: ['bad', 'Failed'],
  not_judged: ['muted', 'Not judged'],
};
const names: Record<ConformanceCase['case'], string> = {
  bad_signature: 'Refuses a wrong signature',
  stale_time: 'Refuses an old or future time',
  duplicate: 'Accepts a duplicate',
  reorder: 'Accepts events out of order',
  slow: 'Answers in time',
  large: 'Accepts a large body',
  unknown_type: 'Accepts an unknown event type',
  rotation: 'Accepts any of several signatures',
  replay: 'Accepts a replay',
};

export function ConformanceResult({ report }: { report: ConformanceReport }) {
  const { passed, score, control, cases, eventType, startedAt, tookMs } = report;
  return (
    <div className="conformance">
      <p className="conformance-head" role="status">
        <Tag tone={passed ? 'good' : 'bad'}>{passed ? 'The receiver conforms' : 'The receiver does not conform'}</Tag>
        <strong>{score} of 100</strong>
        <span className="quiet">
          with <code>{eventType}</code>, <Time at={startedAt} />, took {duration(tookMs, 'en')}
        </span>
      </p>
      <ul className="conformance-cases">
        <Case name="Accepts a correct request" judged={control} />
        {cases.map((one) => (
          <Case key={one.case} name={names[one.case]} judged={one} />
        ))}
      </ul>
    </div>
  );
}

function Case({ name, judged: { verdict, reason, advice, requests } }: { name: string; judged: Judged }) {
  const [tone, text] = verdicts[verdict];
  return (
    <li className="conformance-case">
      <h3>{name}</h3>
      <Tag tone={tone}>{text}</Tag>
      <p>{reason}</p>
      {advice && <p className="conformance-advice">{advice}</p>}
      {requests.length > 0 && (
        <details>
          <summary>
            {requests.length} {requests.length === 1 ? 'request' : 'requests'}
          </summary>
          <Requests requests={requests} />
        </details>
      )}
    </li>
  );
}

function Requests({ requests }: { requests: ConformanceCase['requests'] }) {
  return (
    <ul className="conformance-requests">
      {requests.map(({ what, webhookId, expected, status, tookMs, message }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: one event may be sent several times
        <li key={index}>
          {what} <code className="quiet">{webhookId}</code>: to be {expected === 'accept' ? 'accepted' : 'refused'};{' '}
          {status === null ? message : `answered ${status}`} in {duration(tookMs, 'en')}
        </li>
      ))}
    </ul>
  );
}
