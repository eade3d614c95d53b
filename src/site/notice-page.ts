// What /docs shows while there is no documentation: it is being built, the build failed, or this installation has none.
import { sitePolicy } from './site-policy.ts';

export type Notice = { kind: 'building'; refreshSeconds: number } | { kind: 'failed'; message: string } | { kind: 'absent' };

export function noticePage(notice: Notice): { html: string; policy: string } {
  const refresh = notice.kind === 'building' ? `<meta http-equiv="refresh" content="${notice.refreshSeconds}">` : '';
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">${refresh}<title>Posthorn documentation</title>
<style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem}pre{white-space:pre-wrap;overflow-wrap:anywhere}</style></head>
<body><h1>Documentation</h1>${textOf(notice)}</body></html>
`;
  return { html, policy: sitePolicy(html) };
}

function textOf(notice: Notice): string {
  if (notice.kind === 'building')
    return '<p>The documentation is being built, once, because somebody asked for it. This page shows it as soon as it is there. The same text is in the folder <code>docs</code>.</p>';
  if (notice.kind === 'absent')
    return '<p>This installation has no documentation. Build it with <code>npm run docs</code> in a clone, or read the folder <code>docs</code> there.</p>';
  return `<p>The documentation could not be built. Run <code>npm run docs</code> to see why and to build it.</p><pre>${asText(notice.message)}</pre>`;
}

function asText(text: string): string {
  return text.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
