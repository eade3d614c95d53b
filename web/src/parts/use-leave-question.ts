// While the component is there, the browser asks before the page is closed or loaded again.
import { useEffect } from 'react';

export function useLeaveQuestion(isNeeded = true): void {
  useEffect(() => {
    if (!isNeeded) return;
    const ask = (event: Event) => event.preventDefault();
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, [isNeeded]);
}
