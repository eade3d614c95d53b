// A number that leads to the list of what it counts.
import { count } from '../words/format.ts';
import { PathLink } from './PathLink.tsx';

export interface FigureLinkProps {
  value: number;
  /** The number as it is shown, with more words where it needs some. */
  text?: string;
  to: string;
  search: Record<string, string | string[]>;
}

/** Of nothing there is no list. */
export function FigureLink({ value, text = count(value, 'en'), to, search }: FigureLinkProps) {
  if (value === 0) return text;
  return (
    <PathLink to={to} search={search} className="figure-link">
      {text}
    </PathLink>
  );
}
