// Whether the window is at its top, where new rows move nothing that somebody reads.
import { useEffect, useRef } from 'react';

const nearTopPx = 40;

export const isAtTop = (): boolean => window.scrollY < nearTopPx;

/** Calls back each time somebody has scrolled back to the top. */
export function useReturnToTop(callback: () => void): void {
  const latest = useRef(callback);
  useEffect(() => {
    latest.current = callback;
  });
  useEffect(() => {
    let was = isAtTop();
    const look = () => {
      const is = isAtTop();
      if (is && !was) latest.current();
      was = is;
    };
    addEventListener('scroll', look, { passive: true });
    return () => removeEventListener('scroll', look);
  }, []);
}
