// A small line beside a figure. It has no words: the figure says the number.
import { pathOf, sparkHeight, sparkWidth } from './spark-path.ts';
import './spark.css';

/** Null: unknown; the line has a gap there. */
export function Spark({ values }: { values: readonly (number | null)[] }) {
  return (
    <svg className="spark" viewBox={`0 -1 ${sparkWidth} ${sparkHeight + 2}`} preserveAspectRatio="none" aria-hidden="true">
      <path d={pathOf(values)} />
    </svg>
  );
}
