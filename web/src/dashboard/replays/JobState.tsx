// The status of a replay job, and how far it is.
import type { Replay } from '@posthorn/client';
import { Tag, type Tone } from '../../parts/Status.tsx';
import { progressOf } from './sentences.ts';
import './job-state.css';

const shown: Record<Replay['status'], [word: string, tone: Tone]> = {
  counting: ['Counting', 'neutral'],
  running: ['Running', 'neutral'],
  paused: ['Paused', 'warning'],
  done: ['Done', 'good'],
  cancelled: ['Cancelled', 'muted'],
  failed: ['Failed', 'bad'],
};

const doneWithRefusals: [word: string, tone: Tone] = ['Done, with refusals', 'warning'];

/** A job that is done is not therefore good: its deliveries may have been refused again. */
export function JobStatus({ job: { status, failed } }: { job: Replay }) {
  const [word, tone] = status === 'done' && failed > 0 ? doneWithRefusals : shown[status];
  return <Tag tone={tone}>{word}</Tag>;
}

/** A bar whose parts are delivered, refused and waiting. */
export function JobBar({ job }: { job: Replay }) {
  const { matched, done, succeeded, failed, waiting } = job;
  const width = (part: number) => ({ width: `${matched === 0 ? 0 : (part / matched) * 100}%` });
  return (
    <div
      className="job-bar"
      role="progressbar"
      aria-label="Progress"
      aria-valuemin={0}
      aria-valuemax={matched}
      aria-valuenow={done}
      aria-valuetext={progressOf(job)}
    >
      <span className="job-bar-succeeded" style={width(succeeded)} />
      <span className="job-bar-failed" style={width(failed)} />
      <span className="job-bar-waiting" style={width(waiting)} />
    </div>
  );
}
