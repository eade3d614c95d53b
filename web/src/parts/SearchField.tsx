// A search in a list: it is applied a moment after the last key, so that each key does not ask the API.
import { useEffect, useEffectEvent } from 'react';
import { useFollowedText } from './followed-text.ts';

const quietMs = 250;

export interface SearchFieldProps {
  label: string;
  /** @default label */
  placeholder?: string;
  /** The longest text that the API takes. */
  maxLength?: number;
  value: string;
  onChange: (text: string) => void;
}

export function SearchField({ label, placeholder = label, maxLength, value, onChange }: SearchFieldProps) {
  const { text, setText, given } = useFollowedText(value);
  const isApplied = text.trim() === value;
  const apply = () => {
    given(text.trim());
    onChange(text.trim());
  };
  const applyLatest = useEffectEvent(apply);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each key begins the wait again
  useEffect(() => {
    if (isApplied) return;
    const timer = setTimeout(applyLatest, quietMs);
    return () => clearTimeout(timer);
  }, [text, isApplied]);
  return (
    <input
      type="search"
      data-shortcut="/"
      className="input search-field"
      aria-label={label}
      placeholder={placeholder}
      maxLength={maxLength}
      autoComplete="off"
      spellCheck={false}
      value={text}
      onChange={({ target }) => setText(target.value)}
      onKeyDown={({ key }) => key === 'Enter' && !isApplied && apply()}
    />
  );
}
