// The catalogue as an API process uses it for posted events. The settings of all types are in memory; schemas are compiled
// when they are first needed. A notification of PostgreSQL says when to read again, so nothing is polled. While notifications
// may be missed, what is older than a second is read again before it is used.
import { LRUCache } from 'lru-cache';
import { type KnownType, readKnownTypes, readSchema } from '#db/catalogue/known-types';
import type { Listener } from '#db/store/listener';
import type { Db } from '#db/store/pool';
import { type Finding, type TypePolicy, typeFindings, versionFindings, versionOf } from '#domain/catalogue/known-event';
import { createSingleFlight } from '#domain/single-flight';
import type { Logger } from '#runtime/logger';
import type { CatalogueMetrics } from '#telemetry/catalogue-metrics';
import { ChangeWatch } from './change-watch.ts';
import { compile, type Validator } from './validator.ts';

export interface CatalogueDeps {
  /** Not scoped to a tenant. */
  db: Db;
  listener: Listener;
  policy: TypePolicy;
  metrics?: CatalogueMetrics | undefined;
  log: Logger;
}

export interface EventToCheck {
  type: string;
  version?: number | undefined;
  /** Absent: null, as it is delivered. */
  data?: unknown;
}

export interface CheckedEvent {
  /** Empty: it is not refused. */
  problems: readonly Finding[];
  warnings: readonly Finding[];
  /** That of the event, or the current one of its type; null: none. */
  version: number | null;
}

const staleAfterMs = 1_000;
const mostCompiled = 1_000;
/** Other requests are served between two such stretches. */
const stretchMs = 10;

const allowAll: Validator = () => [];

export class Catalogue {
  readonly #deps: CatalogueDeps;
  readonly #watch: ChangeWatch;
  readonly #compiling = createSingleFlight<Validator>();
  /** By type, version and revision, so that a changed schema is another entry. */
  readonly #validators = new LRUCache<string, Validator>({ max: mostCompiled });
  #types: ReadonlyMap<string, KnownType> = new Map();
  /** When the read of what is in memory was sent. */
  #readAt = Number.NEGATIVE_INFINITY;
  /** Increases with each change: a read that was sent before it may have missed the change. */
  #changes = 0;
  #reading: Promise<void> | null = null;

  constructor(deps: CatalogueDeps) {
    this.#deps = deps;
    this.#watch = new ChangeWatch(deps.db, deps.listener, () => {
      this.refresh().catch((error) => deps.log.warn({ err: error }, 'catalogue.not_read'));
    });
  }

  stop(): void {
    this.#watch.stop();
  }

  /** Resolves when everything that was committed before the call is in memory. */
  refresh(): Promise<void> {
    this.#changes++;
    return this.#read();
  }

  #read(): Promise<void> {
    this.#reading ??= this.#readUntilCurrent();
    return this.#reading;
  }

  async #readUntilCurrent(): Promise<void> {
    try {
      for (let before = -1; before !== this.#changes; ) {
        before = this.#changes;
        const readAt = performance.now();
        this.#types = await readKnownTypes(this.#deps.db);
        this.#readAt = readAt;
      }
    } finally {
      this.#reading = null;
    }
  }

  /** Whether it certainly has nothing to say of any event: there is no type, and any type may be sent. */
  isSilent(): boolean {
    return this.#types.size === 0 && this.#deps.policy.unregistered === 'off' && !this.#isOld();
  }

  /** Checks events in their order. Rejects when PostgreSQL is away and the catalogue cannot be known. */
  async check(events: readonly EventToCheck[]): Promise<CheckedEvent[]> {
    if (this.#isOld()) await this.#read();
    const checked: CheckedEvent[] = [];
    let from = performance.now();
    for (const event of events) {
      if (performance.now() - from > stretchMs) {
        await new Promise((resolve) => setImmediate(resolve));
        from = performance.now();
      }
      checked.push(await this.#checkOne(event));
    }
    return checked;
  }

  #isOld(): boolean {
    const now = performance.now();
    return this.#readAt === Number.NEGATIVE_INFINITY || (!this.#watch.isReliable(now) && now - this.#readAt > staleAfterMs);
  }

  #checkOne(event: EventToCheck): CheckedEvent | Promise<CheckedEvent> {
    const { policy, metrics } = this.#deps;
    const type = this.#types.get(event.type);
    const findings = typeFindings(event.type, type, policy, Date.now());
    if (!type) return told(findings, null, metrics);
    const version = versionOf(event.version, type);
    findings.push(...versionFindings(event.type, version, type));
    const revision = version === null ? undefined : type.revisions.get(version);
    if (version === null || typeof revision !== 'number' || type.validation === 'off') return told(findings, version, metrics);
    const { validation } = type;
    const validated = (validate: Validator) => {
      const violations = validate(event.data ?? null).map(
        ({ pointer, message, schema }): Finding => ({ kind: 'schema', strictness: validation, path: `data${pointer}`, message, schema }),
      );
      metrics?.validated();
      return told([...findings, ...violations], version, metrics);
    };
    const validator = this.#validators.get(keyOf(type.name, version, revision));
    return validator ? validated(validator) : this.#compiled(type.name, version, revision).then(validated);
  }

  /** Reads and compiles a schema. A schema that is gone, or cannot be compiled, allows all events. */
  #compiled(name: string, version: number, revision: number): Promise<Validator> {
    return this.#compiling.share(keyOf(name, version, revision), async () => {
      const found = await readSchema(this.#deps.db, name, version);
      const validator = found ? this.#tryToCompile(name, version, found.schema) : allowAll;
      if (found) this.#validators.set(keyOf(name, version, found.revision), validator);
      return validator;
    });
  }

  #tryToCompile(name: string, version: number, schema: unknown): Validator {
    try {
      return compile(schema);
    } catch (error) {
      this.#deps.log.error({ err: error, eventType: name, version }, 'catalogue.schema_not_compiled');
      return allowAll;
    }
  }
}

const keyOf = (name: string, version: number, revision: number) => `${name} ${version} ${revision}`;

const none: readonly Finding[] = [];

function told(findings: readonly Finding[], version: number | null, metrics: CatalogueMetrics | undefined): CheckedEvent {
  if (findings.length === 0) return { problems: none, warnings: none, version };
  const problems = findings.filter(({ strictness }) => strictness === 'reject');
  const warnings = findings.filter(({ strictness }) => strictness === 'warn');
  for (const kind of new Set(problems.map((one) => one.kind))) metrics?.found(kind, 'refused');
  for (const kind of new Set(warnings.map((one) => one.kind))) metrics?.found(kind, 'warned');
  return { problems, warnings, version };
}
