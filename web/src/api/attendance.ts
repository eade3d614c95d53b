// Whether somebody is at this page. What a page reads by itself while nobody is there must not keep a session: an unattended
// screen signs out.

/** After the last touch, in which the page is still attended. */
const attendedForMs = 60_000;
const touches = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchmove'];

let touchedAtMs = Date.now();
for (const touch of touches) addEventListener(touch, () => (touchedAtMs = Date.now()), { capture: true, passive: true });

export const isAttended = (): boolean => Date.now() - touchedAtMs < attendedForMs;
