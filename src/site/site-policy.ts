// The Content-Security-Policy of a page of the documentation: files of this server, and the inline scripts that the page was
// built with, by their hashes. Nothing inline besides, and no other host.
import { createHash } from 'node:crypto';

export function sitePolicy(html: string): string {
  // scripts with `src` are covered by 'self'
  const inline = [...html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g)].map(
    ([, script = '']) => `'sha256-${sha256(script)}'`,
  );
  const sheets = [...html.matchAll(/<style[^>]*>([\s\S]*?)<\/style>/g)].map(([, css = '']) => `'sha256-${sha256(css)}'`);
  const directives = {
    'default-src': ["'none'"],
    'script-src': ["'self'", ...inline],
    'style-src': ["'self'", ...sheets],
    // icons are data URLs in the style sheet
    'img-src': ["'self'", 'data:'],
    'font-src': ["'self'"],
    'connect-src': ["'self'"],
    'base-uri': ["'none'"],
    'form-action': ["'none'"],
    'frame-ancestors': ["'none'"],
  };
  return Object.entries(directives)
    .map(([name, sources]) => `${name} ${[...new Set(sources)].join(' ')}`)
    .join(';');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
