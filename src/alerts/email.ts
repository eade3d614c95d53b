// Alerts by email: text and HTML, over the SMTP server of the configuration.

import nodemailer from 'nodemailer';
import type { AlertView } from '#domain/alerts/alert';
import { ChannelRefused } from '#domain/alerts/channel-refused';
import { factsOf, headline, type Message, oneLine, testText } from './message.ts';

const withinMs = 10_000;

export interface Mailer {
  /** Resolves to the answer of the server. Throws ChannelRefused, also if it refuses one of the recipients. */
  send(to: string[], message: Message): Promise<string>;
  close(): void;
}

/** `url`: smtp:// or smtps://, with user and password if needed. */
export function createMailer(url: string, from: string): Mailer {
  const transport = nodemailer.createTransport({
    url,
    connectionTimeout: withinMs,
    greetingTimeout: withinMs,
    socketTimeout: withinMs,
    // nothing of a message names a file or an address to be read
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send(to, message) {
      const { messageId, ...content } = composeEmail(message);
      try {
        const sent = await transport.sendMail({ from, to, ...content, ...(messageId && { messageId: `<${messageId}@posthorn>` }) });
        const refused = sent.rejected.map(String);
        if (refused.length > 0) throw new ChannelRefused('settings.to', `the SMTP server refused ${refused.join(', ')}`);
        return sent.response;
      } catch (error) {
        throw error instanceof ChannelRefused ? error : new ChannelRefused('settings.to', smtpError(error), { cause: error });
      }
    },
    close: () => transport.close(),
  };
}

/** The answer of the server in its own words, or why there was none. Never the credentials of the URL. */
function smtpError(error: unknown): string {
  const { response, code, message } = error as { response?: string; code?: string; message?: string };
  if (response) return `the SMTP server refused: ${oneLine(response)}`;
  return `the SMTP server does not answer (${code ?? oneLine(message ?? 'unknown')})`;
}

export interface Email {
  subject: string;
  text: string;
  html: string;
  /** The same for a repeat of the same message, by which mail programs recognize it. */
  messageId: string | null;
}

export function composeEmail(message: Message): Email {
  const subject = `[Posthorn] ${headline(message)}`.slice(0, 200);
  if (message.kind === 'test') return { subject, text: `${testText}\n`, html: page(`<p>${escapeHtml(testText)}</p>`), messageId: null };
  if (message.kind === 'digest') {
    const text = message.alerts.map((alert) => `${lineOf(alert)}\n  ${oneLine(alert.detail)}\n`).join('\n');
    const rows = message.alerts.map(
      (alert) => `<li><p><strong>${escapeHtml(lineOf(alert))}</strong><br>${escapeHtml(oneLine(alert.detail))}</p></li>`,
    );
    return { subject, text, html: page(`<ul>${rows.join('')}</ul>`), messageId: null };
  }
  const { alert, event } = message;
  const facts = factsOf(alert);
  const text = `${oneLine(alert.title)}\n\n${alert.detail}\n\n${facts.map(([name, value]) => `${name}: ${value}`).join('\n')}\n`;
  const table = facts.map(([name, value]) => `<tr><th align="left">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`).join('');
  const html = page(`<h2>${escapeHtml(headline(message))}</h2><p>${escapeHtml(alert.detail)}</p><table>${table}</table>`);
  return { subject, text, html, messageId: `${alert.id}.${event}.${alert.severity}` };
}

function lineOf({ state, severity, title, tenant }: AlertView): string {
  return `${state} (${severity}): ${oneLine(title)}${tenant === null ? '' : `, tenant ${tenant}`}`;
}

function page(body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Posthorn</title></head><body>${body}</body></html>`;
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Titles and details contain texts of tenants and of receivers. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (one) => entities[one] ?? one);
}
