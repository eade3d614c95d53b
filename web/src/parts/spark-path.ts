// The line of a small chart, as a path of SVG.

export const sparkWidth = 100;
export const sparkHeight = 24;

/** From 0 at the bottom to the highest value at the top. Null: unknown; the line has a gap there. */
export function pathOf(values: readonly (number | null)[]): string {
  const most = Math.max(0, ...values.map((value) => value ?? 0)) || 1;
  const step = sparkWidth / Math.max(1, values.length - 1);
  let isOpen = false;
  return values
    .flatMap((value, index) => {
      if (value === null) {
        isOpen = false;
        return [];
      }
      const command = isOpen ? 'L' : 'M';
      isOpen = true;
      return [`${command}${round(index * step)} ${round(sparkHeight - (value / most) * sparkHeight)}`];
    })
    .join('');
}

const round = (value: number) => Math.round(value * 10) / 10;
