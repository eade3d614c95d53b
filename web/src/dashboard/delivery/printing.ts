// Printing of a delivery: with the request and the response of every attempt.
import type { Attempt } from '@posthorn/client';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { flushSync } from 'react-dom';
import { attemptQuery } from '../../parts/attempts/AttemptList.tsx';
import type { useAttemptPages } from '../../parts/attempts/use-delivery.ts';

export interface Printing {
  isPrinting: boolean;
  /** All attempts are read before the page is printed. */
  isReading: boolean;
  print: () => void;
}

/** `print` reads all attempts first. The browser's own command shows what is read already. */
export function usePrinting(pages: ReturnType<typeof useAttemptPages>): Printing {
  const queries = useQueryClient();
  const [isPrinting, setIsPrinting] = useState(false);
  const [isReading, setIsReading] = useState(false);
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
    setIsReading(true);
    const attempts = await readAll(pages);
    await Promise.allSettled(attempts?.map((attempt) => queries.query(attemptQuery(attempt))) ?? []);
    // the page says what went wrong
    if (attempts) window.print();
    setIsReading(false);
  }
  return { isPrinting, isReading, print: () => void print() };
}

/** Undefined: a page could not be read. */
async function readAll(pages: ReturnType<typeof useAttemptPages>): Promise<Attempt[] | undefined> {
  let { data, hasNextPage, isError } = pages;
  while (hasNextPage && !isError) ({ data, hasNextPage, isError } = await pages.fetchNextPage());
  return isError ? undefined : data?.pages.flatMap((page) => page.data);
}
