// How attempts ended, most frequent first: the outcome, or the status of the answer.
import type { Stats } from '@posthorn/client';
import { count, percent } from '../../../words/format.ts';
import './outcomes.css';

const mostShown = 8;

export function Outcomes({ totals: { outcomes, statusCodes, delivered, failed } }: Pick<Stats, 'totals'>) {
  const attempts = delivered + failed;
  if (attempts === 0) return null;
  // an answer is told by its status, everything else by its outcome
  const withoutAnswer = Object.entries(outcomes).filter(([outcome]) => !['accepted', 'http_status', 'gone'].includes(outcome));
  const all = [...Object.entries(statusCodes).map(([code, number]): [string, number] => [`HTTP ${code}`, number]), ...withoutAnswer];
  const rows = all.toSorted(([, a], [, b]) => b - a).slice(0, mostShown);
  return (
    <table className="outcomes">
      <caption>Answers</caption>
      <tbody>
        {rows.map(([name, number]) => (
          <tr key={name}>
            <th scope="row">{name.replaceAll('_', ' ')}</th>
            <td>{count(number, 'en')}</td>
            <td>{percent(number / attempts, 'en')}</td>
            <td className="outcomes-bar" aria-hidden>
              <meter min={0} max={attempts} value={number} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
