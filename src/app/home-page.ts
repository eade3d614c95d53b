// What is at `/`: the dashboard, or links and how to send a first event.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '#config/package';

/** The command that sends a first event to tenant `demo`. `key` is the shell text for the API key. */
export function firstEventCommand(origin: string, key: string): string {
  return [
    `curl -X POST ${origin}/v1/tenants/demo/events \\`,
    `  -H "authorization: Bearer ${key}" -H 'content-type: application/json' \\`,
    `  -d '{"type":"order.created","data":{"orderId":"1001","total":99.9}}'`,
  ].join('\n');
}

const dashboard = join(packageRoot, 'dist/web/dashboard/dashboard.html');

/** The dashboard; the page with links where it was not built. */
export function homeOf(origin: string, temporalUiUrl: string | null): { html: string } | { location: string } {
  return existsSync(dashboard) ? { location: '/dashboard/' } : { html: homePage(origin, temporalUiUrl) };
}

export function homePage(ownOrigin: string, temporalUiUrl: string | null): string {
  const origin = asText(ownOrigin);
  const uiUrl = temporalUiUrl && /^https?:/.test(temporalUiUrl) ? asText(temporalUiUrl) : null;
  const ui = uiUrl ? `<li>Temporal Web UI: <a href="${uiUrl}">${uiUrl}</a></li>` : '';
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Posthorn</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:54rem;margin:3rem auto;padding:0 1rem;color:#1b1f24}pre{background:#f4f5f7;padding:1rem;white-space:pre-wrap;overflow-wrap:anywhere;border-radius:6px}a{color:#0b5fff}</style></head>
<body>
<h1>Posthorn</h1>
<p>The webhook delivery server is running.</p>
<ul>
<li>Documentation: <a href="${origin}/docs/">${origin}/docs/</a></li>
<li>API description: <a href="${origin}/openapi.json">${origin}/openapi.json</a></li>
${ui}
<li>Health: <a href="${origin}/readyz">${origin}/readyz</a></li>
</ul>
<h2>Send a first event</h2>
<p>The API key is the <code>POSTHORN_API_KEY</code> of this server. If none was set, it is in the file <code>api-key</code> of the data folder:</p>
<pre>export POSTHORN_API_KEY="$(cat .posthorn/api-key)"</pre>
<p><code>npm start</code> creates a tenant <code>demo</code>. On any other server, write one of your tenants in its place.</p>
<pre>${firstEventCommand(origin, '$POSTHORN_API_KEY')}</pre>
<h2>See where it went, and what arrived</h2>
<pre>curl -H "authorization: Bearer $POSTHORN_API_KEY" '${origin}/v1/deliveries?tenant=demo'</pre>
<pre>curl -H "authorization: Bearer $POSTHORN_API_KEY" ${origin}/sandbox/demo</pre>
</body>
</html>
`;
}

/** Escapes HTML. The operator sets the addresses, but they are text and not markup. */
function asText(text: string): string {
  return text.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
