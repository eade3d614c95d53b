// The report of a conformance run. Reasons that name single requests are those of the API.
import type { ConformanceCase, ConformanceReport } from '@posthorn/client';
import { duration } from '../../words/format.ts';
import { type CaseName, caseAdviceInGerman, passedInGerman } from '../../words/german/conformance.ts';
import { endingInGerman } from '../../words/german/outcomes.ts';
import { useWords } from '../../words/words.tsx';
import { Sentence } from '../Sentence.tsx';
import { Tag, type Tone } from '../Status.tsx';
import { Time } from '../Time.tsx';
import type { ReportWords } from './words.ts';
import '../small-table.css';
import './report.css';

const tones: Record<ConformanceCase['verdict'], Tone> = { passed: 'good', warned: 'warning', failed: 'bad', not_judged: 'muted' };

interface Told {
  words: ReportWords;
  /** Of the cases: one below the heading that the report stands under. */
  heading: 'h2' | 'h3';
}

export function Report({ report, ...told }: Told & { report: ConformanceReport }) {
  const { words } = told;
  const { locale } = useWords();
  const { passed, score, control, cases, startedAt, tookMs, eventType } = report;
  return (
    <div className="report">
      <p className="report-head" role="status">
        <Tag tone={passed ? 'good' : 'bad'}>{passed ? words.passed : words.failed}</Tag>
        <strong>{words.score(score)}</strong>
        <span className="quiet">
          <code>{eventType}</code>, {words.checked} <Time at={startedAt} /> {words.took} {duration(tookMs, locale)}
        </span>
      </p>
      <ul className="report-cases">
        <Case of="control" name={words.control} judged={control} {...told} />
        {cases.map((one) => (
          <Case key={one.case} of={one.case} name={words.cases[one.case]} judged={one} {...told} />
        ))}
      </ul>
    </div>
  );
}

interface CaseProps extends Told {
  of: CaseName;
  name: string;
  judged: Omit<ConformanceCase, 'case'>;
}

function Case({ of, name, judged, words, heading: Heading }: CaseProps) {
  const { verdict, reason, advice, requests } = judged;
  return (
    <li className="report-case">
      <Heading className="report-name">{name}</Heading>
      <Tag tone={tones[verdict]}>{words.verdicts[verdict]}</Tag>
      <p>
        <Sentence text={reason} german={() => passedInGerman(of, judged)} />
      </p>
      {advice && (
        <p className="report-advice">
          <Sentence text={advice} german={() => caseAdviceInGerman(of)} />
        </p>
      )}
      {requests.length > 0 && (
        <details>
          <summary>{words.requests(requests.length)}</summary>
          <Requests requests={requests} words={words} />
        </details>
      )}
    </li>
  );
}

function Requests({ requests, words }: { requests: ConformanceCase['requests']; words: ReportWords }) {
  const { locale } = useWords();
  return (
    <table className="small-table">
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
