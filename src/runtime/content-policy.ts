// The text of a Content-Security-Policy, and the hashes by which it allows what stands inline in a page.
import { createHash } from 'node:crypto';

/** The sources of the inline elements that `element` finds; its first group is their text. */
export function inlineSources(html: string, element: RegExp): string[] {
  return Array.from(html.matchAll(element), ([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`);
}

export function policyText(directives: Record<string, readonly string[]>): string {
  return Object.entries(directives)
    .map(([name, sources]) => `${name} ${[...new Set(sources)].join(' ')}`)
    .join(';');
}
