// posthorn.replays: jobs that deliver again whatever matches a selection, at a pace.
import { path } from '../address.ts';
import type { ListReplaysQuery, NewReplay, Replay, ReplayDryRun } from '../api-types.ts';
import { type List, listOf } from '../list.ts';
import type { CallOptions, Requester } from '../request.ts';
import { pause } from '../retries.ts';

type Command = 'pause' | 'resume' | 'cancel';
type Selection = Omit<NewReplay, 'dryRun'>;

const ended = ['done', 'cancelled', 'failed'];

export class Replays {
  readonly #api: Requester;

  constructor(api: Requester) {
    this.#api = api;
  }

  create(replay: Selection, options?: CallOptions): Promise<Replay> {
    return this.#api.json('POST', '/v1/replays', { body: replay }, options);
  }

  /** What would be replayed; starts nothing. */
  dryRun(replay: Selection, options?: CallOptions): Promise<ReplayDryRun> {
    return this.#api.json('POST', '/v1/replays', { body: { ...replay, dryRun: true } }, options);
  }

  list(query: ListReplaysQuery = {}, options?: CallOptions): List<Replay> {
    return listOf(this.#api, '/v1/replays', { ...query }, options);
  }

  get(replay: string, options?: CallOptions): Promise<Replay> {
    return this.#api.json('GET', path`/v1/replays/${replay}`, {}, options);
  }

  setPace(replay: string, perSecond: number, options?: CallOptions): Promise<Replay> {
    return this.#api.json('PATCH', path`/v1/replays/${replay}`, { body: { perSecond } }, options);
  }

  pause(replay: string, options?: CallOptions): Promise<Replay> {
    return this.#command(replay, 'pause', options);
  }

  resume(replay: string, options?: CallOptions): Promise<Replay> {
    return this.#command(replay, 'resume', options);
  }

  cancel(replay: string, options?: CallOptions): Promise<Replay> {
    return this.#command(replay, 'cancel', options);
  }

  /** The job every `everyMs` (default: 1 s) until it is done, cancelled or failed. The last one yielded is its end. */
  async *watch(replay: string, { everyMs = 1_000, ...options }: CallOptions & { everyMs?: number } = {}): AsyncGenerator<Replay, void> {
    for (;;) {
      const job = await this.get(replay, options);
      yield job;
      if (ended.includes(job.status)) return;
      await pause(everyMs, options.signal);
    }
  }

  #command(replay: string, command: Command, options?: CallOptions): Promise<Replay> {
    return this.#api.json('POST', `${path`/v1/replays/${replay}`}/${command}`, {}, options);
  }
}
