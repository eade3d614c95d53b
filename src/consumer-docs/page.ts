// The documentation for consumers as one HTML page that needs nothing else, so it can be saved and published as it is.
import { simulateRetries } from '#domain/deliveries/retry-simulation';
import type { ConsumerDocument } from './document.ts';
import { eventSection } from './page-events.ts';
import { asText, inline, table } from './page-parts.ts';
import { simulatorScript } from './simulator-script.ts';

const style = `:root{color-scheme:light dark;--line:#8886;--soft:#8881}*{box-sizing:border-box}
body{font:16px/1.55 system-ui,sans-serif;margin:0 auto;max-width:56rem;padding:1rem}
h1,h2,h3{line-height:1.25}h2{margin-top:2.5rem;border-top:1px solid var(--line);padding-top:1rem}
pre{background:var(--soft);padding:.8rem;overflow-x:auto;border-radius:6px;font-size:13px;line-height:1.45}
code{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.9em;overflow-wrap:anywhere}pre code{overflow-wrap:normal}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:14px}th,td{border:1px solid var(--line);padding:.35rem .6rem;text-align:left;vertical-align:top}
nav a{margin-right:1rem}summary{cursor:pointer}details{margin:.6rem 0}.note{opacity:.8;font-size:14px}
label{margin-right:1rem}input,select{font:inherit;padding:.2rem .4rem;max-width:8rem}output{display:block;margin-top:.8rem;font-weight:600}`;

/** `waitsMs`: of the retry schedule, for the simulator in the page. */
export function consumerPage(document: ConsumerDocument, waitsMs: number[]): string {
  const { tenant, endpoint, events, version, generatedAt } = document;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Webhooks of ${asText(tenant)}</title>
<style>${style}</style></head><body>
<h1>Webhooks${endpoint === null ? '' : ` for ${asText(endpoint)}`}</h1>
<p>What is sent to your endpoint, how to verify it, and what happens when you are down.</p>
<nav><a href="#events">Events</a><a href="#verify">Verify</a><a href="#answers">Answers</a><a href="#retries">Retries</a><a href="#addresses">Addresses</a><a href="#missed">Missed events</a></nav>
<h2 id="events">Events</h2>
${events.length === 0 ? '<p>The sender has not described its event types yet.</p>' : events.map(eventSection).join('\n')}
${verifySection(document)}
<h2 id="answers">What to answer</h2>
<p>Answer within ${document.request.timeoutMs / 1_000} seconds: put the event into a queue of your own, answer, and work afterwards.</p>
${table(
  ['you answer', 'the delivery', 'your endpoint'],
  document.answers.map(({ status, delivery, endpoint }) => [asText(status), asText(delivery), asText(endpoint)]),
)}
${retrySection(document, waitsMs)}
<h2 id="addresses">Addresses to allow</h2>
${document.addresses.egressIps.length === 0 ? '' : `<pre><code>${asText(document.addresses.egressIps.join('\n'))}</code></pre>`}
<p>${inline(document.addresses.note)}</p>
<h2 id="missed">When you missed something</h2>
<p>${inline(document.missed.when)}</p>
<pre><code>${asText(`${document.missed.list}\n${document.missed.acknowledge}`)}</code></pre>
<p class="note">Posthorn ${asText(version)}, ${asText(generatedAt)}</p>
</body></html>
`;
}

function verifySection({ request, signature }: ConsumerDocument): string {
  return `<h2 id="verify">Verify a request</h2>
<p>Anybody can post to your URL. The signature shows that a request is genuine, unchanged and recent. Signed with: ${signature.schemes.map((scheme) => `<code>${asText(scheme)}</code>`).join(', ')}. Any <a href="https://www.standardwebhooks.com">Standard Webhooks</a> library verifies <code>v1</code> and <code>v1a</code>; public keys are at <code>${asText(signature.publicKeysUrl)}</code>.</p>
${table(
  ['header', 'meaning'],
  request.headers.map(({ name, meaning }) => [`<code>${asText(name)}</code>`, inline(meaning)]),
)}
<ol>${signature.steps.map((step) => `<li>${inline(step)}</li>`).join('')}</ol>
${signature.code.length === 0 ? '' : '<p>The same as code, without a library:</p>'}
${signature.code.map(({ title, file, code }) => `<details><summary>${asText(title)} (<code>${asText(file)}</code>)</summary><pre><code>${asText(code)}</code></pre></details>`).join('\n')}`;
}

function retrySection({ retries, request }: ConsumerDocument, waitsMs: number[]): string {
  const settings = JSON.stringify({ waitsMs, timeoutMs: request.timeoutMs });
  return `<h2 id="retries">Retries</h2>
<p>An attempt that fails is repeated after a wait, which varies by ±${retries.jitterPercent} %.</p>
${table(
  ['attempt', 'when'],
  retries.attempts.map(({ number, between }) => [String(number), asText(between)]),
)}
<h3>Down for how long, delivered when?</h3>
<p><label>down for <input id="amount" type="number" min="0" max="1000" value="7"> <select id="unit"><option value="60000">minutes</option><option value="3600000" selected>hours</option><option value="86400000">days</option></select></label>
<label>event after <input id="after" type="number" min="0" max="1000" value="0"> minutes of it</label><output id="answer"></output></p>
<ul>${retries.outages.map(({ sentence }) => `<li>${asText(sentence)}</li>`).join('')}</ul>
<p class="note">An endpoint that keeps failing gets single test requests in place of its backlog. What waits is then sent when it is well again, and may be earlier or later than this. For other schedules: <code>GET ${asText(retries.simulate)}</code></p>
<script>${simulatorScript(simulateRetries, settings)}</script>`;
}
