// Filter of an endpoint: conditions on an event's type and data. The language is described in docs/filters.md.
import { z } from 'zod';
import { compileFilter, type Decision, type Test, tied } from './compile-filter.ts';
import { type LongNumbers, longNumbersOf, noLongNumbers, parseExactly } from './exact-json.ts';
import { limits, parseFilter } from './parse-filter.ts';

/** The body of an event, which is parsed when a filter asks for it. */
export class EventContent {
  readonly #body: string;
  #root: unknown;
  #longNumbers: LongNumbers | undefined;
  #exactRoot: unknown;

  /** `body`: JSON with `type` and `data`, as in the standard body. */
  constructor(body: string) {
    this.#body = body;
  }

  /** Its numbers may be rounded. */
  get root(): unknown {
    this.#root ??= JSON.parse(this.#body);
    return this.#root;
  }

  get longNumbers(): LongNumbers {
    this.#longNumbers ??= longNumbersOf(this.#body);
    return this.#longNumbers;
  }

  get exactRoot(): unknown {
    this.#exactRoot ??= parseExactly(this.#body);
    return this.#exactRoot;
  }
}

export class Filter {
  /** JSON, with its numbers as they were given. */
  readonly text: string;
  #test: Test | undefined;

  /** `text` must be of a filter without problems. Compiled when it is first used. */
  constructor(text: string) {
    this.text = text;
  }

  decide(content: EventContent): Decision {
    this.#test ??= compiled(this.text);
    return decideBy(this.#test, content);
  }
}

/** Parsing exactly takes five times as long, so it is the last resort. */
function decideBy(test: Test, content: EventContent): Decision {
  const decision = test(content.root, null);
  if (decision !== tied) return decision;
  const exact = test(content.root, content.longNumbers);
  return exact === tied ? test(content.exactRoot, noLongNumbers) : exact;
}

/** For a filter that is used once: it takes no place among those that are kept. */
export function decideOnce(text: string, content: EventContent): Decision {
  return decideBy(compile(text), content);
}

export function filterOf(text: string | null): Filter | null {
  return text === null ? null : new Filter(text);
}

/** Compiled filters by their text: endpoints are read again and again, and many have the same filter. */
const known = new Map<string, Test>();
const mostKnown = 2_000;

function compiled(text: string): Test {
  const found = known.get(text);
  if (found) return found;
  const test = compile(text);
  const [oldest] = known.keys();
  if (known.size >= mostKnown && oldest !== undefined) known.delete(oldest);
  known.set(text, test);
  return test;
}

function compile(text: string): Test {
  const { filter, problems } = parseFilter(parseExactly(text));
  if (!filter) throw new Error(`a stored filter is not valid: ${problems[0]?.message}`);
  return compileFilter(filter);
}

/** The JSON of a filter as it is stored: without spaces, and with its numbers as they were given. */
export function filterText(given: string): string {
  return JSON.stringify(parseExactly(given));
}

export const filter = z
  .record(z.string(), z.unknown())
  .superRefine((given, context) => {
    for (const { path, message } of parseFilter(given).problems) context.addIssue({ code: 'custom', path, message });
  })
  .describe(
    'conditions on the content of an event, such as {"data.amount": {"$gte": 100}}: only events that match are sent. Operators: $eq $ne $in $nin $gt $gte $lt $lte $exists $prefix $suffix $contains, combined by $and $or $not. ' +
      `At most ${limits.characters} characters and ${limits.conditions} conditions`,
  );
