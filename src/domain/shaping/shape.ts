// A shape is all that decides how the body of an event is changed for an endpoint. Deliveries are bound to one when they are
// planned (docs/decisions/0052), so it is never changed: another content is another shape.
import { standardBody } from '../events/event.ts';
import { memberTexts } from '../events/json-slices.ts';
import { JsonText } from './json-text.ts';
import { convertTo, type Pin } from './pins.ts';
import { renderTemplate } from './render-template.ts';
import { ShapingError } from './shaping-error.ts';
import { compileTemplate, isProblem, type Node } from './template.ts';

export interface Shape {
  /** How the rest is read. A release that makes other bytes of it takes the next number, and reads this one as before. */
  layout: 1;
  /** Absent: the body is not transformed. */
  template?: unknown;
  /** By event type. Absent: no version is pinned. */
  pins?: Record<string, Pin>;
}

export interface EventToShape {
  /** The producer's id. */
  id: string;
  version: number | null;
  /** The text of the standard body. */
  body: string;
}

/** Makes the text of the body. Throws ShapingError when it cannot be made of this event. */
export type ShapeBody = (event: EventToShape) => string;

/** Throws when a later release has made the shape. */
export function compileShape({ layout, template, pins = {} }: Shape): ShapeBody {
  if (layout !== 1) throw new Error(`a shape of layout ${layout} needs a later version of Posthorn`);
  const compiled = template === undefined ? null : compiledOf(template);
  return (event) => {
    const converted = inPinnedVersion(event, pins);
    return compiled ? filled(compiled, converted) : converted.body;
  };
}

function compiledOf(template: unknown): Node {
  const compiled = compileTemplate(template);
  if (isProblem(compiled)) throw new ShapingError(`the transform is not valid: ${compiled.path.join('.')} ${compiled.message}`);
  return compiled;
}

/** An event of another type, or of a type without versions, stays as it is. */
function inPinnedVersion(event: EventToShape, pins: Record<string, Pin>): EventToShape {
  const { version, body } = event;
  if (version === null || Object.keys(pins).length === 0) return event;
  const { members } = memberTexts(body);
  const [type, timestamp] = ['type', 'timestamp'].map((name) => JSON.parse(members.get(name) ?? '""') as string);
  const pin = type !== undefined && Object.hasOwn(pins, type) ? pins[type] : undefined;
  if (!pin || type === undefined || timestamp === undefined || version === pin.to) return event;
  const data = convertTo(pin, type, version, members.get('data') ?? 'null');
  return { ...event, version: pin.to, body: standardBody(type, timestamp, data) };
}

function filled(template: Node, { id, version, body }: EventToShape): string {
  const { members } = memberTexts(body);
  return renderTemplate(
    template,
    new JsonText('', new Map([...members, ['id', JSON.stringify(id)], ['version', JSON.stringify(version)]])),
  );
}
