// A value that is typed, once it has not changed for a moment: requests are then made for words, not for letters.
import { useEffect, useState } from 'react';

const usualMs = 300;

export function useSettled(value: string, ms = usualMs): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}
