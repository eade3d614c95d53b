// The Content-Security-Policy of a page of the documentation: files of this server, and the inline scripts that the page was
// built with, by their hashes. Nothing inline besides, and no other host.
import { inlineSources, policyText } from '#runtime/content-policy';

export function sitePolicy(html: string): string {
  // scripts with `src` are covered by 'self'
  const scripts = inlineSources(html, /<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g);
  const sheets = inlineSources(html, /<style[^>]*>([\s\S]*?)<\/style>/g);
  return policyText({
    'default-src': ["'none'"],
    'script-src': ["'self'", ...scripts],
    'style-src': ["'self'", ...sheets],
    // icons are data URLs in the style sheet
    'img-src': ["'self'", 'data:'],
    'font-src': ["'self'"],
    'connect-src': ["'self'"],
    'base-uri': ["'none'"],
    'form-action': ["'none'"],
    'frame-ancestors': ["'none'"],
  });
}
