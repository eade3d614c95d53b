// The script of the simulator in the HTML page. It contains the very function that the API calls, as text.

/** `simulate` must use nothing but its arguments. `settings`: JSON of the schedule and the timeout. */
export function simulatorScript(simulate: (given: never) => unknown, settings: string): string {
  // a schedule is numbers, so the JSON cannot end the script
  return `const simulate = ${simulate.toString()};
const settings = ${settings};
const element = (id) => document.getElementById(id);
const text = (ms) => { const m = Math.round(ms / 60000); return m < 1 ? Math.round(ms / 1000) + ' s' : m < 60 ? m + ' min' : m < 1440 ? Math.floor(m / 60) + ' h ' + (m % 60) + ' min' : Math.floor(m / 1440) + ' d ' + Math.floor((m % 1440) / 60) + ' h'; };
const show = () => {
  const downForMs = Number(element('amount').value) * Number(element('unit').value);
  const acceptedAfterMs = Number(element('after').value) * 60000;
  const { outcome, attempts, earliest, latest } = simulate({ ...settings, downForMs, acceptedAfterMs, retryAfterMs: 0 });
  element('answer').textContent = outcome === 'dead_letter'
    ? 'All ' + attempts.length + ' attempts fail, and the delivery becomes a dead letter: fetch it as missed, or ask for a replay.'
    : 'Delivered between ' + text(earliest.earliestMs) + ' and ' + text(latest.latestMs) + ' after the event' + (outcome === 'perhaps' ? ', or else a dead letter.' : '.');
};
for (const id of ['amount', 'unit', 'after']) element(id).addEventListener('input', show);
show();`;
}
