// Tests a converter before it is stored: with the examples of its source version, against the schema of its target version,
// and for members that it can lose.
import { convert } from '#domain/shaping/converter';
import { lostFields } from '#domain/shaping/lost-fields';
import type { Converter } from '#domain/shaping/pins';
import { ShapingError } from '#domain/shaping/shaping-error';
import type { PlacedFault } from './check-schema.ts';
import { compile } from './validator.ts';

interface Version {
  version: number;
  schema?: unknown;
  examples: readonly unknown[];
}

/** Empty: it may be stored. `versions`: those of its type. */
export function checkConverter({ from, to, steps }: Converter, versions: readonly Version[]): PlacedFault[] {
  const [source, target] = [from, to].map((number) => versions.find(({ version }) => version === number));
  const numbers = versions.map(({ version }) => version).join(', ') || 'none';
  if (!source) return [{ path: 'from', message: `is not a version of the type; it has ${numbers}` }];
  if (!target) return [{ path: 'to', message: `is not a version of the type; it has ${numbers}` }];
  if (source === target) return [{ path: 'to', message: 'must be another version than from' }];
  if (source.examples.length === 0)
    return [{ path: 'from', message: `version ${from} has no examples, which test the converter: replace the version with some` }];
  const lost = lostFields(steps, source.schema, target.schema).map(({ path, step }) => lostFault(path, step, { from, to }));
  return lost.length > 0 ? lost : exampleFaults({ from, to, steps }, source, target);
}

function lostFault(path: string, step: number | null, { from, to }: Pick<Converter, 'from' | 'to'>): PlacedFault {
  const wayOut = `add a step such as {"default": ${JSON.stringify(path)}, "value": …} at the end`;
  if (step !== null)
    return { path: `steps[${step}]`, message: `loses ${path}, which version ${to} requires; leave the step out, or ${wayOut}` };
  return { path: 'steps', message: `do not give ${path}, which version ${to} requires and events of version ${from} may lack; ${wayOut}` };
}

function exampleFaults({ steps, to }: Converter, source: Version, target: Version): PlacedFault[] {
  const validate = target.schema === undefined ? () => [] : compile(target.schema);
  return source.examples.flatMap((example, index) => {
    const place = `example ${index + 1} of version ${source.version}`;
    try {
      return validate(JSON.parse(convert(JSON.stringify(example), steps))).map(({ pointer, message }) => ({
        path: 'steps',
        message: `make of ${place} what version ${to} does not allow: data${pointer} ${message}`,
      }));
    } catch (error) {
      if (error instanceof ShapingError) return [{ path: 'steps', message: `cannot convert ${place}: ${error.message}` }];
      throw error;
    }
  });
}
