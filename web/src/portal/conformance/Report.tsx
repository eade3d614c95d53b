// The report of a conformance run. Reasons that name single requests are those of the API.
import type { ConformanceCase, ConformanceReport } from '@posthorn/client';
import { Sentence } from '../../parts/Sentence.tsx';
import { Tag, type Tone } from '../../parts/Status.tsx';
import { Time } from '../../parts/Time.tsx';
import { duration } from '../../words/format.ts';
import { type CaseName, caseAdviceInGerman, passedInGerman } from '../../words/german/conformance.ts';
import { endingInGerman } from '../../words/german/outcomes.ts';
import { useWords } from '../../words/words.tsx';
import { useConformanceWords } from './words.ts';
import '../forms.css';

const tones: Record<ConformanceCase['verdict'], Tone> = { passed: 'good', warned: 'warning', failed: 'bad', not_judged: 'muted' };

type Judged = Omit<ConformanceCase, 'case'>;

export function Report({ report }: { report: ConformanceReport }) {
  const words = useConformanceWords();
  const { locale } = useWords();
  const { passed, score, control, cases, startedAt, tookMs, eventType } = report;
  return (
    <div className="conformance-report">
      <p className="conformance-head" role="status">
        <Tag tone={passed ? 'good' : 'bad'}>{passed ? words.passed : words.failed}</Tag>
        <strong>{words.score(score)}</strong>
        <span className="quiet">
          <code>{eventType}</code>, {words.checked} <Time at={startedAt} /> {words.took} {duration(tookMs, locale)}
        </span>
      </p>
      <ul className="conformance-cases">
        <Case of="control" name={words.control} judged={control} />
        {cases.map((one) => (
          <Case key={one.case} of={one.case} name={words.cases[one.case]} judged={one} />
        ))}
      </ul>
    </div>
  );
}

function Case({ of, name, judged }: { of: CaseName; name: string; judged: Judged }) {
  const { verdict, reason, advice, requests } = judged;
  const words = useConformanceWords();
  return (
    <li className="conformance-case">
      <p className="conformance-head">
        <Tag tone={tones[verdict]}>{words.verdicts[verdict]}</Tag>
        <strong>{name}</strong>
      </p>
      <p>
        <Sentence text={reason} german={() => passedInGerman(of, judged)} />
      </p>
      {advice && (
        <p className="conformance-advice">
          <Sentence text={advice} german={() => caseAdviceInGerman(of)} />
        </p>
      )}
      {requests.length > 0 && (
        <details>
          <summary>{words.requests(requests.length)}</summary>
          <Requests requests={requests} />
        </details>
      )}
    </li>
  );
}

function Requests({ requests }: { requests: ConformanceCase['requests'] }) {
  const words = useConformanceWords();
  const { locale } = useWords();
  return (
    <table className="pf-table">
      <thead>
        <tr>
          <th scope="col">{words.sent}</th>
          <th scope="col">{words.expected}</th>
          <th scope="col">{words.answer}</th>
        </tr>
      </thead>
      <tbody>
        {requests.map(({ what, webhookId, expected, outcome, status, tookMs, message }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: one event may be sent several times
          <tr key={index}>
            <th scope="row" lang="en">
              {what} <code className="quiet">{webhookId}</code>
            </th>
            <td>{words[expected]}</td>
            <td>
              {status ?? words.noAnswer}, {duration(tookMs, locale)}
              {status === null && (
                <span className="quiet">
                  {' '}
                  <Sentence text={message} german={() => endingInGerman(outcome, status)} />
                </span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
