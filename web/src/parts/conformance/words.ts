// What the report of a conformance run is told in: each door has words of its own.
import type { ConformanceCase } from '@posthorn/client';

export interface ReportWords {
  passed: string;
  failed: string;
  score: (score: number) => string;
  /** Before the time of the run. */
  checked: string;
  /** Before how long it took. */
  took: string;
  verdicts: Record<ConformanceCase['verdict'], string>;
  /** The correct request that all others are compared with. */
  control: string;
  cases: Record<ConformanceCase['case'], string>;
  requests: (count: number) => string;
  // the columns of the requests
  sent: string;
  expected: string;
  answer: string;
  accept: string;
  refuse: string;
  noAnswer: string;
}
