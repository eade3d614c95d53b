// The `transform` of an endpoint: a template, or a preset that stands for one. The routing key of a preset is a secret: it
// is shown as `***`, and a change that sends `***` keeps it.
import { z } from 'zod';
import { eventTypeName } from '../events/event-type.ts';
import { faultText } from '../faults/fault.ts';
import { preset, templateOf } from '../shaping/presets.ts';
import { compileTemplate, isProblem } from '../shaping/template.ts';
import { hidden } from './endpoint-target.ts';

const longestTemplate = 32 * 1024;

export const templateTransform = z.strictObject({
  template: z
    .unknown()
    .refine((template) => template !== undefined, { message: 'is missing: send a template, or a preset', abort: true })
    .superRefine((template, context) => {
      const message = templateProblem(template);
      if (message) context.addIssue({ code: 'custom', ...message });
    })
    .describe(
      'any JSON value. Texts may have placeholders such as `{{data.orderId}}`; `{"$path": "data.amount"}` stands for a value of the event, `{"$const": …}` for itself',
    ),
});

function templateProblem(template: unknown): { path?: (string | number)[]; message: string } | null {
  if (JSON.stringify(template).length > longestTemplate) return { message: faultText('too_long', { most: longestTemplate }) };
  const compiled = compileTemplate(template);
  return isProblem(compiled) ? compiled : null;
}

export const transform = z
  .union([templateTransform, preset])
  .describe(
    'how the body of requests is made of an event: a template, or a preset for slack, discord, teams or pagerduty. A delivery keeps the transform with which it was planned: its retries and replays send the same bytes',
  );
export type Transform = z.infer<typeof transform>;

/** Versions of event types that an endpoint has pinned: events of another version are converted. */
export const pinnedVersions = z
  .record(eventTypeName, z.int().min(1).max(1_000_000))
  .refine((pins) => Object.keys(pins).length >= 1 && Object.keys(pins).length <= 100, 'must have 1 to 100 event types; null pins none')
  .describe(
    'pinned versions by event type, such as {"order.created": 1}: events of other versions are converted to it. A delivery keeps the converters with which it was planned',
  );

/** The transform with its secret masked. */
export function hideTransform(given: Transform): Transform {
  return 'routingKey' in given ? { ...given, routingKey: hidden } : given;
}

/** Replaces a `***` by the stored secret. Null: none is stored. */
export function keepTransform(given: Transform, before: Transform | null): Transform | null {
  if (!('routingKey' in given) || given.routingKey !== hidden) return given;
  return before && 'routingKey' in before ? { ...given, routingKey: before.routingKey } : null;
}

/** The template to which deliveries are bound: a later Posthorn may make another one of the same preset. */
export function boundTemplate(given: Transform): unknown {
  return 'preset' in given ? templateOf(given) : given.template;
}
