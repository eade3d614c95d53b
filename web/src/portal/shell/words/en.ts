// Words of the portal's frame. German: de.ts, with the same keys. Pages have theirs in their own folders.
export const en = {
  portal: 'Webhooks',
  pages: 'Pages',
  skip: 'Skip to the page',
  endpoints: 'Endpoints',
  deliveries: 'Deliveries',
  missed: 'Missed events',
  health: 'Health',
  catalogue: 'Event types',
  alerts: 'Alerts',
  help: 'Help',
  language: 'Language of this page',
  opening: 'Opening the portal',
  missingTitle: 'This page needs a link',
  missing: 'Open it from the application that sends you webhooks. A link ends after some time; the application makes a new one.',
  expiredTitle: 'This link has ended',
  expired: 'Go back to the application that sends you webhooks, and open the page from there again. Nothing is lost.',
  invalidTitle: 'This link is no longer valid',
  invalid: 'It was revoked, or it is incomplete. Open the page again from the application that sends you webhooks.',
  renewing: 'Getting a new link …',
  notRenewed: 'The application around this page has no new link at the moment.',
  again: 'Ask again',
  notSentTitle: 'What was ordered was not sent',
  notSent: 'Another link was opened in this tab. What was ordered before was not sent.',
  maybeSentTitle: 'What was ordered may have been carried out',
  maybeSent:
    'Another link was opened in this tab. What was ordered before was sent, but there was no answer. It may have been carried out, and is not sent again.',
  failedTitle: 'This page failed',
  home: 'Go to the first page',
  allEndpoints: 'All endpoints',
};

export type PortalWords = typeof en;
