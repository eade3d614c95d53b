// Words of the conformance report, as operators read them.
import type { ReportWords } from '../../../parts/conformance/words.ts';

export const reportWords: ReportWords = {
  passed: 'The receiver conforms',
  failed: 'The receiver does not conform',
  score: (score) => `${score} of 100`,
  checked: 'checked',
  took: 'in',
  verdicts: { passed: 'Passed', warned: 'Passed with a remark', failed: 'Failed', not_judged: 'Not judged' },
  control: 'Accepts a correct request',
  cases: {
    bad_signature: 'Refuses a wrong signature',
    stale_time: 'Refuses an old or future time',
    duplicate: 'Accepts a duplicate',
    reorder: 'Accepts events out of order',
    slow: 'Answers in time',
    large: 'Accepts a large body',
    unknown_type: 'Accepts an unknown event type',
    rotation: 'Accepts any of several signatures',
    replay: 'Accepts a replay',
  },
  requests: (count) => `${count} ${count === 1 ? 'request' : 'requests'}`,
  sent: 'Request',
  expected: 'To be',
  answer: 'Answer',
  accept: 'accepted',
  refuse: 'refused',
  noAnswer: 'none',
};
