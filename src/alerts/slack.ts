// Alerts to an incoming webhook of Slack, or of a chat that understands the same JSON.
// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
import { factsOf, headline, type Message, oneLine, testText } from './message.ts';

interface SlackMessage {
  /** Shown in notifications, and where blocks are not understood. */
  text: string;
  blocks: object[];
}

/** The limits of Block Kit: characters of a section, and blocks of a message. */
const longestSection = 3_000;
const mostBlocks = 50;
const marks = { info: ':information_source:', warning: ':warning:', critical: ':rotating_light:' } as const;

export function composeSlack(message: Message): SlackMessage {
  const text = escapeSlack(headline(message));
  if (message.kind === 'test') return { text, blocks: [section(`*${text}*\n${testText}`)] };
  if (message.kind === 'digest') {
    const lines = message.alerts.map(({ severity, state, title }) =>
      section(`${marks[severity]} ${state}: ${escapeSlack(oneLine(title))}`),
    );
    return { text, blocks: [section(`*${text}*`), ...lines.slice(0, mostBlocks - 1)] };
  }
  const { alert, event } = message;
  const mark = event === 'closed' ? ':white_check_mark:' : marks[alert.severity];
  const facts = factsOf(alert).map(([name, value]) => `${name}: ${escapeSlack(value)}`);
  return {
    text,
    blocks: [section(`${mark} *${text}*\n${escapeSlack(alert.detail)}`), { type: 'context', elements: [markdown(facts.join(' · '))] }],
  };
}

function section(text: string) {
  return { type: 'section', text: markdown(text) };
}

/** `verbatim`: texts of tenants and receivers become no links, and mention nobody. */
function markdown(text: string) {
  return { type: 'mrkdwn', text: text.slice(0, longestSection), verbatim: true };
}

/** https://docs.slack.dev/messaging/formatting-message-text#escaping */
function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
