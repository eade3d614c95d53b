// What is wrong with a field, in the language of the page. The German words are read when the first of them is needed.
import type { FieldError } from '@posthorn/client';
import { Suspense } from 'react';
import { useWords } from '../words/words.tsx';
import { lazyPart } from './lazy-page.ts';
import { Prose } from './Prose.tsx';

interface FaultProps {
  of: FieldError;
}

const InGerman = lazyPart(() => import('./GermanFault.tsx').then((module) => module.GermanFault), AsAnswered);

export function Fault({ of }: FaultProps) {
  if (useWords().locale === 'en') return <AsAnswered of={of} />;
  return (
    <Suspense fallback={null}>
      <InGerman of={of} />
    </Suspense>
  );
}

function AsAnswered({ of }: FaultProps) {
  return (
    <span lang="en">
      <Prose text={of.message} />
    </span>
  );
}
