// How attempts ended, the most frequent first, with the status codes of those that got an answer.
import type { AttemptOutcome, Stats } from '@posthorn/client';
import { Tag } from '../../parts/Status.tsx';
import { percent } from '../../words/format.ts';
import { useWords } from '../../words/words.tsx';
import { useTexts } from '../shell/words/language.tsx';
import { healthTexts } from './texts.ts';

const byCount = (counts: Record<string, number>) => Object.entries(counts).sort(([, a], [, b]) => b - a);

export function Outcomes({ totals }: { totals: Stats['totals'] }) {
  const [texts, { locale }] = [useTexts(healthTexts), useWords()];
  const all = totals.delivered + totals.failed;
  const codes = byCount(totals.statusCodes);
  return (
    <div className="health-outcomes">
      <table>
        <thead>
          <tr>
            <th scope="col">{texts.outcome}</th>
            <th scope="col" className="health-number">
              {texts.count}
            </th>
            <th scope="col" className="health-number">
              {texts.share}
            </th>
          </tr>
        </thead>
        <tbody>
          {byCount(totals.outcomes).map(([outcome, count]) => (
            <tr key={outcome}>
              <td>
                <Tag tone={outcome === 'accepted' ? 'good' : 'bad'}>{texts.outcomes[outcome as AttemptOutcome] ?? outcome}</Tag>
              </td>
              <td className="health-number">{count.toLocaleString(locale)}</td>
              <td className="health-number">{percent(count / all, locale)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {codes.length > 0 && (
        <p className="quiet">{codes.map(([code, count]) => `HTTP ${code}: ${count.toLocaleString(locale)}`).join(' · ')}</p>
      )}
    </div>
  );
}
