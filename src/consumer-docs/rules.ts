// What holds for every consumer, in words. docs/guides/receive.md, docs/endpoints.md and docs/missed.md say more.
export const answerCodes = ['accepted', 'gone', 'wait', 'redirect', 'refused', 'failing'] as const;

export const rules = {
  headers: [
    { name: 'webhook-id', meaning: 'id of the event: the same on every retry and replay. Drop what you have.' },
    { name: 'webhook-timestamp', meaning: 'time of this attempt, in seconds since 1970' },
    { name: 'webhook-signature', meaning: 'one or more signatures, separated by spaces; one valid signature is enough' },
    { name: 'posthorn-delivery', meaning: 'id of the delivery, to quote when you ask for help' },
    { name: 'posthorn-attempt', meaning: 'number of the attempt, from 1' },
    { name: 'posthorn-test', meaning: '`true`: a test that somebody sent by hand. Nothing has happened.' },
  ],
  answers: [
    { status: '200 to 299', code: 'accepted' as const, delivery: 'is done', endpoint: 'counts as well' },
    { status: '410', code: 'gone' as const, delivery: 'ends as a dead letter', endpoint: 'is stopped until somebody resumes it' },
    {
      status: '429 or 503 with Retry-After',
      code: 'wait' as const,
      delivery: 'is retried, not before the time that you ask for',
      endpoint: 'gets nothing for that time, at most 24 h',
    },
    { status: '3xx', code: 'redirect' as const, delivery: 'is retried; redirects are not followed', endpoint: 'counts as failing' },
    { status: 'other 4xx', code: 'refused' as const, delivery: 'is retried', endpoint: 'is alive: other deliveries go on' },
    {
      status: '5xx, a timeout, a lost connection',
      code: 'failing' as const,
      delivery: 'is retried',
      endpoint: 'counts as failing: too many, and it gets single test requests until it is well',
    },
  ],
  addresses:
    'Allow these addresses in your firewall. They are the same for all customers and prove nothing about a request, so verify signatures. An empty list: the operator has published none.',
  missed:
    'Use the list of missed events when you were down for longer than the retries last, when you cannot be reached from outside, or when you do not want to wait for the next attempt: read a page, process it, acknowledge its cursor, and repeat until it is empty. What you have acknowledged is not sent any more.',
};
