// Words of the help page. German: words-de.ts, with the same keys.
export const en = {
  title: 'Help',
  forEndpoint: 'For the endpoint',
  usual: 'the usual settings',
  signature: 'Verify the signature',
  publicKeys: 'Public keys',
  code: 'Code',
  language: 'Language',
  headers: 'Headers of a request',
  answers: 'What your answer means',
  answer: 'Answer',
  delivery: 'The event',
  endpoint: 'The endpoint',
  retries: 'When your server is down',
  addresses: 'Addresses to allow',
  noAddresses: 'The sender has published none.',
  missed: 'Missed events',
  /** Null: what the API says. */
  addressesNote: null as string | null,
  missedWhen: null as string | null,
};

export type HelpWords = typeof en;
