// A small line beside a figure. It has no words: the figure says the number.
import './spark.css';

const width = 100;
const height = 24;

/** Null: unknown; the line has a gap there. */
export function Spark({ values }: { values: readonly (number | null)[] }) {
  return (
    <svg className="spark" viewBox={`0 -1 ${width} ${height + 2}`} preserveAspectRatio="none" aria-hidden="true">
      <path d={pathOf(values)} />
    </svg>
  );
}

export function pathOf(values: readonly (number | null)[]): string {
  const most = Math.max(0, ...values.map((value) => value ?? 0)) || 1;
  const step = width / Math.max(1, values.length - 1);
  let isOpen = false;
  return values
    .flatMap((value, index) => {
      if (value === null) {
        isOpen = false;
        return [];
      }
      const command = isOpen ? 'L' : 'M';
      isOpen = true;
      return [`${command}${round(index * step)} ${round(height - (value / most) * height)}`];
    })
    .join('');
}

const round = (value: number) => Math.round(value * 10) / 10;
