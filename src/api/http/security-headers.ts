// Security headers of every answer: no scripts, no framing, no content sniffing, no caching, no
// referrer. No cookie and no CORS header is set: callers send a bearer token, which browsers never
// add on their own.
import type { Express } from 'express';
import helmet from 'helmet';
import { inlineSources, policyText } from '#runtime/content-policy';

const nothing = ["'none'"];
const directives = { 'default-src': nothing, 'base-uri': nothing, 'form-action': nothing, 'frame-ancestors': nothing };
const yearInSeconds = 31_536_000;

/** Must be called before any other handler. Strict-Transport-Security is sent only if the public origin is https. */
export function setSecurityHeaders(app: Express, publicOrigin = ''): void {
  const isHttps = publicOrigin.startsWith('https:');
  app.use(
    helmet({
      contentSecurityPolicy: { useDefaults: false, directives },
      crossOriginEmbedderPolicy: true,
      xFrameOptions: { action: 'deny' },
      // for this host only: other subdomains may belong to other services
      strictTransportSecurity: isHttps && { maxAge: yearInSeconds, includeSubDomains: false },
      // off: they only concern Internet Explorer, Flash and pages that link to other hosts
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

/** The Content-Security-Policy of an HTML page: the usual one, plus the page's inline style sheets and scripts by their hashes. */
export function pagePolicy(html: string): string {
  const sheets = inlineSources(html, /<style>([^<]*)<\/style>/g);
  const scripts = inlineSources(html, /<script>([\s\S]*?)<\/script>/g);
  return policyText({
    ...directives,
    'style-src': sheets.length > 0 ? sheets : nothing,
    ...(scripts.length > 0 && { 'script-src': scripts }),
  });
}
