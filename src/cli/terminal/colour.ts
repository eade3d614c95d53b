// Colours, only for terminals and never with NO_COLOR.
import { styleText } from 'node:util';

export type Colour = 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold';

export function paint(text: string, colour: Colour | undefined, colours: boolean): string {
  return colour && colours ? styleText(colour, text, { validateStream: false }) : text;
}

const good = ['succeeded', 'accepted', 'delivered', 'open', 'done', 'ok'];
const bad = ['dead_lettered', 'quarantined', 'failed', 'disabled', 'critical'];

/** The colour of a status: green for what went well, red for what needs somebody, yellow for what is not over. */
export function colourOf(status: string): Colour {
  if (good.includes(status)) return 'green';
  return bad.includes(status) ? 'red' : 'yellow';
}
