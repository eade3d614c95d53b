// The text of a field that is applied by the address of the page: it follows the address, but not what the field itself has put
// there, since somebody may have typed on meanwhile.
import { useEffect, useRef, useState } from 'react';

export interface FollowedText {
  text: string;
  setText: (text: string) => void;
  /** Tells that `text` is on its way into the address. */
  given: (text: string) => void;
}

/** `value`: the text as the address has it. */
export function useFollowedText(value: string): FollowedText {
  const [text, setText] = useState(value);
  const underway = useRef<string[]>([]);
  useEffect(() => {
    const at = underway.current.indexOf(value);
    underway.current = at < 0 ? [] : underway.current.slice(at + 1);
    // the address changed by something else, such as the back button
    if (at < 0) setText(value);
  }, [value]);
  return { text, setText, given: (given) => void underway.current.push(given) };
}
