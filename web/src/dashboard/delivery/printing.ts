// Printing of a delivery: with the request and the response of every attempt.
import type { Attempt } from '@posthorn/client';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { flushSync } from 'react-dom';
import { attemptQuery } from '../../parts/attempts/AttemptList.tsx';

/** `print` reads all attempts first. The browser's own command shows of an attempt what is read already. */
export function usePrinting(attempts: readonly Attempt[]): { isPrinting: boolean; print: () => Promise<void> } {
  const queries = useQueryClient();
  const [isPrinting, setIsPrinting] = useState(false);
  useEffect(() => {
    const begin = () => flushSync(() => setIsPrinting(true));
    const end = () => setIsPrinting(false);
    addEventListener('beforeprint', begin);
    addEventListener('afterprint', end);
    return () => {
      removeEventListener('beforeprint', begin);
      removeEventListener('afterprint', end);
    };
  }, []);
  async function print(): Promise<void> {
    await Promise.allSettled(attempts.map((attempt) => queries.query(attemptQuery(attempt))));
    window.print();
  }
  return { isPrinting, print };
}
