// The phases of an attempt as a bar, to scale with the attempts beside it.
import type { Attempt } from '@posthorn/client';
import { duration } from '../../words/format.ts';
import { useWords } from '../../words/words.tsx';
import { phasesOf } from './phases.ts';
import { useAttemptWords } from './words.ts';
import './waterfall.css';

export function Waterfall({ timings, longestMs }: { timings: Attempt['timings']; longestMs: number }) {
  const { locale } = useWords();
  const words = useAttemptWords();
  const share = (ms: number) => `${(100 * ms) / Math.max(longestMs, 1)}%`;
  const phases = phasesOf(timings);
  const said = phases.map(({ name, took }) => `${words.timing[name]} ${duration(took, locale)}`).join(', ');
  return (
    <span className="waterfall" role="img" aria-label={said} title={said}>
      {phases.map(({ name, startsAt, took }) => (
        <span key={name} className={`waterfall-phase phase-${name}`} style={{ left: share(startsAt), width: share(took) }} />
      ))}
    </span>
  );
}

/** The same in figures. */
export function PhaseFigures({ timings }: { timings: Attempt['timings'] }) {
  const { locale } = useWords();
  const words = useAttemptWords();
  return (
    <dl className="phase-figures">
      {phasesOf(timings).map(({ name, took }) => (
        <div key={name}>
          <dt>
            <span className={`phase-key phase-${name}`} aria-hidden />
            {words.timing[name]}
          </dt>
          <dd>{duration(took, locale)}</dd>
        </div>
      ))}
      <div>
        <dt>{words.total}</dt>
        <dd>{duration(timings.totalMs, locale)}</dd>
      </div>
    </dl>
  );
}
