// A shape is all that decides how the body of an event is changed for an endpoint. Deliveries are bound to one when they are
// planned (docs/decisions/0052), so it is never changed: another content is another shape.
import { memberTexts } from '../events/json-slices.ts';
import { JsonText } from './json-text.ts';
import { renderTemplate } from './render-template.ts';
import { ShapingError } from './shaping-error.ts';
import { compileTemplate, isProblem } from './template.ts';

export interface Shape {
  /** How the rest is read. A release that makes other bytes of it takes the next number, and reads this one as before. */
  layout: 1;
  template: unknown;
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
export function compileShape({ layout, template }: Shape): ShapeBody {
  if (layout !== 1) throw new Error(`a shape of layout ${layout} needs a later version of Posthorn`);
  const compiled = compileTemplate(template);
  if (isProblem(compiled)) throw new ShapingError(`the transform is not valid: ${compiled.path.join('.')} ${compiled.message}`);
  return ({ id, version, body }) => {
    const { members } = memberTexts(body);
    const root = new Map([...members, ['id', JSON.stringify(id)], ['version', JSON.stringify(version)]]);
    return renderTemplate(compiled, new JsonText('', root));
  };
}
