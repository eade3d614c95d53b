// A form over something that is stored, and that others may change meanwhile. What was typed stays, whatever is read again; the
// other fields follow what is stored. A field that both have changed is overtaken: the form says so (ChangedMeanwhile).
import { useState } from 'react';

export interface Typed<Draft> {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  /** What was typed, over what is stored `now`: the draft of what to send. */
  over: (now: Draft) => Draft;
  /** Typed over here, and changed by somebody else since. */
  overtaken: (keyof Draft)[];
  /** Whether saving would replace what was not on the screen: `now` is what is stored at the moment. */
  isOvertakenBy: (now: Draft) => boolean;
  /** The etag of what was stored when somebody began to type, as long as the new one was not `accepted`. */
  basis: { etag: string };
  accept: () => void;
  /** What is stored is shown again. After a save with what was sent: what was typed since stays. */
  forget: (sent?: Draft) => void;
  /** What is stored is shown again in the fields that were overtaken. */
  takeStored: () => void;
}

interface Typing<Draft> {
  values: Partial<Draft>;
  /** What was stored when somebody began to type over it. */
  over: Partial<Draft>;
  /** Absent: nothing was typed, or what is stored now was accepted. */
  etag?: string | undefined;
}

/** `stored`: the draft of what is stored, which has this etag. */
export function useTyped<Draft extends object>(stored: Draft, etag = ''): Typed<Draft> {
  const [{ values, over, etag: begun = etag }, setTyping] = useState<Typing<Draft>>({ values: {}, over: {} });
  const fields = Object.keys(values) as (keyof Draft)[];
  const differ = (field: keyof Draft, one: Partial<Draft>, other: Partial<Draft>) => textOf(one[field]) !== textOf(other[field]);
  const overtaken = fields.filter((field) => differ(field, over, stored) && differ(field, values, stored));
  return {
    draft: { ...stored, ...values },
    set: (change) =>
      setTyping((before) => {
        const [values, over] = [
          { ...before.values, ...change },
          { ...pick(stored, Object.keys(change)), ...before.over },
        ];
        const putBack = (Object.keys(change) as (keyof Draft)[]).filter((field) => isSame(values[field], stored[field]));
        const since = Object.keys(before.values).length === 0 ? etag : before.etag;
        return { values: without(values, putBack), over: without(over, putBack), etag: since };
      }),
    over: (now) => ({ ...now, ...values }),
    overtaken,
    basis: { etag: begun },
    accept: () => setTyping(({ values, over }) => ({ values, over })),
    isOvertakenBy: (now) => fields.some((field) => differ(field, now, stored) && differ(field, now, values)),
    forget: (sent) =>
      setTyping((before) => {
        if (!sent) return { values: {}, over: {} };
        const saved = (Object.keys(before.values) as (keyof Draft)[]).filter((field) => isSame(before.values[field], sent[field]));
        const values = without(before.values, saved);
        return { values, over: pick(sent, Object.keys(values)) };
      }),
    takeStored: () =>
      setTyping((before) => ({ ...before, values: without(before.values, overtaken), over: without(before.over, overtaken) })),
  };
}

const without = <T extends object>(from: T, names: readonly PropertyKey[]): T =>
  Object.fromEntries(Object.entries(from).filter(([name]) => !names.includes(name))) as T;

const pick = <T extends object>(from: T, names: readonly PropertyKey[]): Partial<T> =>
  Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name))) as Partial<T>;

/** To the last detail: a condition that is only begun says nothing in the text yet, and stays. */
const isSame = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

/** Lists are numbered again each time they are read, and the conditions of a filter say what its text says. */
const textOf = (value: unknown) => JSON.stringify(value, (name, part) => (name === 'id' || name === 'nodes' ? undefined : part));
