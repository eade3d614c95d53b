// The eight figures at the top of the overview.
import type { InstallationStatus, Stats, StatsWindow } from '@posthorn/client';
import type { ReactNode } from 'react';
import { FigureLink } from '../../parts/FigureLink.tsx';
import { Spark } from '../../parts/Spark.tsx';
import { count, duration, percent } from '../../words/format.ts';
import { useWords } from '../../words/words.tsx';
import { heldLine, p95Line, perMinute, type Rate, rateLine, rateOf, windows } from './figures.ts';

export interface FiguresProps {
  /** Undefined: all. */
  tenant: string | undefined;
  stats: Stats;
  window: StatsWindow;
  /** Undefined: not known, or not to be seen by this key. */
  status: InstallationStatus | undefined;
}

export function Figures({ tenant, stats, window, status }: FiguresProps) {
  const { locale } = useWords();
  const { totals } = stats;
  const ofTenant = tenant === undefined ? {} : { tenant };
  const attempts = totals.delivered + totals.failed;
  const ms = (value: number | null) => (value === null ? '–' : duration(value, locale));
  const rate = (of: Parameters<typeof rateOf>[2]) => rateOf(stats, window, of);
  const inWindow = (total: number) => `${count(total, locale)} in ${windows[window].text}`;
  const perMinuteFigure = (name: string, { now, total, line }: Rate) => (
    <Figure name={name} value={perMinute(now, locale)} unit="a minute" more={inWindow(total)} line={line} />
  );
  return (
    <dl className="figures">
      {perMinuteFigure(
        'Events accepted',
        rate(({ events = 0 }) => events),
      )}
      {perMinuteFigure(
        'Delivered',
        rate(({ delivered }) => delivered),
      )}
      {perMinuteFigure(
        'Failed attempts',
        rate(({ failed }) => failed),
      )}
      <Figure
        name="Held"
        value={<FigureLink value={totals.held} to="/deliveries" search={{ ...ofTenant, status: 'held' }} />}
        more={
          <FigureLink
            value={totals.deadLettered}
            text={`${count(totals.deadLettered, locale)} dead letters`}
            to="/dead-letters"
            search={ofTenant}
          />
        }
        line={heldLine(stats)}
      />
      <Figure
        name="Success rate"
        value={totals.successRate === null ? '–' : percent(totals.successRate, locale)}
        more={attempts === 0 ? 'no attempts' : `of ${count(attempts, locale)} attempts`}
        line={rateLine(stats)}
      />
      <Figure
        name="Latency p50 / p95 / p99"
        value={`${ms(totals.latencyMs.p50)} / ${ms(totals.latencyMs.p95)} / ${ms(totals.latencyMs.p99)}`}
        isLong
        more="the line is p95"
        line={p95Line(stats)}
      />
      <Figure
        name="Oldest waiting"
        value={totals.oldestWaitingMs === null ? '–' : duration(totals.oldestWaitingMs, locale)}
        more={totals.oldestWaitingMs === null ? 'nothing waits' : 'since it was accepted'}
      />
      {status && <Dispatch status={status} />}
    </dl>
  );
}

function Dispatch({ status: { dispatch, workers } }: { status: InstallationStatus }) {
  return <Figure name="Dispatch" value={dispatch ?? 'none'} more={`${workers} ${workers === 1 ? 'worker' : 'workers'}`} />;
}

interface FigureProps {
  name: string;
  value: ReactNode;
  unit?: string;
  isLong?: boolean;
  more: ReactNode;
  line?: readonly (number | null)[];
}

function Figure({ name, value, unit, isLong = false, more, line }: FigureProps) {
  return (
    <div className="figure">
      <dt>{name}</dt>
      <dd className={isLong ? 'figure-value figure-long' : 'figure-value'}>
        {value}
        {unit && <span className="figure-unit"> {unit}</span>}
      </dd>
      <dd className="figure-more">{more}</dd>
      {line && (
        <dd className="figure-line">
          <Spark values={line} />
        </dd>
      )}
    </div>
  );
}
