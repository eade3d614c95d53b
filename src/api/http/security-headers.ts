// What every answer tells a browser: run nothing, frame nothing, guess no type, keep no copy, say nothing of where you came from.
// No cookie and no CORS header is set anywhere: who asks is known by a header that no browser adds by itself.
import { createHash } from 'node:crypto';
import type { Express } from 'express';
import helmet from 'helmet';

const nothing = ["'none'"];
const directives = { 'default-src': nothing, 'base-uri': nothing, 'form-action': nothing, 'frame-ancestors': nothing };
const aYearInSeconds = 31_536_000;

/** To be called before anything answers. Strict transport is asked for only where the public address is https: on plain http it means nothing. */
export function setSecurityHeaders(app: Express, publicOrigin = ''): void {
  const isHttps = publicOrigin.startsWith('https:');
  app.use(
    helmet({
      contentSecurityPolicy: { useDefaults: false, directives },
      crossOriginEmbedderPolicy: true,
      xFrameOptions: { action: 'deny' },
      // of this host alone: its neighbours are not ours to bind
      strictTransportSecurity: isHttps && { maxAge: aYearInSeconds, includeSubDomains: false },
      // for Internet Explorer, Flash and pages with links to other hosts
      originAgentCluster: false,
      xDnsPrefetchControl: false,
      xDownloadOptions: false,
      xPermittedCrossDomainPolicies: false,
      xXssProtection: false,
    }),
    (_request, response, next) => {
      response.setHeader('cache-control', 'no-store');
      next();
    },
  );
}

/** The policy of an HTML page of ours: the same, but for its own style sheets, each known by its hash. */
export function pagePolicy(html: string): string {
  const sheets = [...html.matchAll(/<style>([^<]*)<\/style>/g)].map(([, css = '']) => `'sha256-${sha256(css)}'`);
  const all = { ...directives, 'style-src': sheets.length > 0 ? sheets : nothing };
  return Object.entries(all)
    .map(([name, sources]) => `${name} ${sources.join(' ')}`)
    .join(';');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
