// Limits how often something is read again.
import { useCallback, useEffect, useRef } from 'react';

export interface Throttle {
  everyMs?: number | undefined;
  /** Whether it may run now. If not, it runs when somebody scrolls and it may. The same function at each call. */
  mayRun?: () => boolean;
}

/**
 * Runs at once when it is asked for, one run at a time, with a pause after each. What is asked for meanwhile, or while nobody sees
 * the tab, is done once afterwards.
 */
export function useThrottled(run: () => Promise<unknown>, { everyMs = 2_000, mayRun = always }: Throttle = {}): () => void {
  const latest = useRef(run);
  useEffect(() => {
    latest.current = run;
  });
  const state = useRef({ isBusy: false, isWanted: false });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const ask = useCallback(
    function again() {
      state.current.isWanted = true;
      if (state.current.isBusy || document.hidden || !mayRun()) return;
      state.current = { isBusy: true, isWanted: false };
      void latest.current().finally(() => {
        timer.current = setTimeout(() => {
          state.current.isBusy = false;
          if (state.current.isWanted) again();
        }, everyMs);
      });
    },
    [everyMs, mayRun],
  );
  useEffect(() => {
    const seen = () => state.current.isWanted && ask();
    document.addEventListener('visibilitychange', seen);
    addEventListener('scroll', seen, { passive: true });
    return () => {
      document.removeEventListener('visibilitychange', seen);
      removeEventListener('scroll', seen);
      clearTimeout(timer.current);
      state.current = { isBusy: false, isWanted: false };
    };
  }, [ask]);
  return ask;
}

const always = () => true;
