import type { FieldError } from '@posthorn/client';
import { faultInGerman } from '../words/german/faults.ts';
import { Sentence } from './Sentence.tsx';

export function GermanFault({ of }: { of: FieldError }) {
  return <Sentence text={of.message} german={() => faultInGerman(of)} />;
}
