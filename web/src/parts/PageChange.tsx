// Tells people who do not see the screen that another page is shown: the focus goes to its heading. It stays where it is if that is
// still a part of the page, as tabs are; the title of the page is read aloud then. Filters change no page. Back returns to the row
// from which somebody went. In the shell of each door.
import { useRouter } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { keepPath, keptPlace } from './kept-place.ts';
import { keepRowInUse, returnToRow } from './row-focus.ts';

/** The title of a page follows its part a moment later. */
const restMs = 200;
/** A list that was read before is there at once, and the rows that are in view follow its place. Others are read again first. */
const rowWithinMs = 10_000;
/** After it, the place to which the router has scrolled is not that of the row: others came before it, or the list was read again. */
const placedWithinMs = 300;

export function PageChange() {
  const router = useRouter();
  const [told, setTold] = useState('');
  useEffect(keepRowInUse, []);
  useEffect(() => {
    // a page that leads on to another has no heading that takes the focus
    let isDue = false;
    const { location } = router.state;
    keepPath(location.state.__TSR_index ?? 0, location.pathname);
    return router.subscribe('onRendered', ({ fromLocation, toLocation, pathChanged }) => {
      keepPath(toLocation.state.__TSR_index ?? 0, toLocation.pathname);
      const isPlaced = fromLocation?.state.__TSR_index !== toLocation.state.__TSR_index;
      const isBack = (toLocation.state.__TSR_index ?? 0) < (fromLocation?.state.__TSR_index ?? 0);
      isDue ||= fromLocation !== undefined && pathChanged && isPlaced;
      // a page inside another takes no focus from it
      if (!isDue || !document.hasFocus()) return;
      const [content, heading] = [document.getElementById('content'), document.querySelector<HTMLElement>('#content h1[tabindex]')];
      if (!heading) return;
      isDue = false;
      const active = document.activeElement;
      if (active !== content && content?.contains(active)) return void setTimeout(() => setTold(document.title), restMs);
      setTold('');
      // where the page stands is for the router to say: it knows the place to which Back returns
      heading.focus({ preventScroll: true });
      const { row } = keptPlace();
      if (isBack && row !== undefined) awaitRow(row, heading, performance.now());
    });
  }, [router]);
  return (
    <p className="visually-hidden" aria-live="polite">
      {told}
    </p>
  );
}

/** Until somebody puts the focus elsewhere. */
function awaitRow(row: string, heading: HTMLElement, sinceMs: number): void {
  const forMs = performance.now() - sinceMs;
  if (document.activeElement !== heading || returnToRow(row, forMs > placedWithinMs) || forMs > rowWithinMs) return;
  requestAnimationFrame(() => awaitRow(row, heading, sinceMs));
}
