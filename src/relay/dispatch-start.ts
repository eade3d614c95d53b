// Starts the workflows of dispatches, and so finds out whether Temporal answers. If a start fails
// or is lost, the dispatch row still guards its events and the sweep starts it again.
import { setTimeout as delay } from 'node:timers/promises';
import { takeBackDispatch } from '#db/events/dispatches';
import type { Db } from '#db/store/pool';
import type { Logger } from '#runtime/logger';
import { TemporalAway } from '#temporal/link';
import type { DispatchRef, Starter } from '#temporal/starter';

export interface DispatchStart {
  /**
   * Retries every second until the dispatch is started, refused, or taken back into the outbox, or this relay stops.
   */
  single(dispatch: DispatchRef, mayComeBack: boolean): Promise<void>;
  /** Tries once. If that fails, the sweep starts it later. */
  batch(dispatch: DispatchRef): Promise<void>;
  /** Whether the last start found Temporal away. */
  temporalAway(): boolean;
}

export interface DispatchStartDeps {
  db: Db;
  starter: Starter;
  log: Logger;
  relayId: string;
  /** The pause between two tries. */
  retryMs: number;
  /** Aborted when this relay stops. */
  stopping: AbortSignal;
  /** False once this relay is fenced. */
  mayAct(): boolean;
  onTemporal(away: boolean): void;
  /** Called when the events of a dispatch are back in the outbox. */
  onBack(): void;
}

export function createDispatchStart({
  db,
  starter,
  log,
  relayId,
  retryMs,
  stopping,
  mayAct,
  onTemporal,
  onBack,
}: DispatchStartDeps): DispatchStart {
  let away = false;
  let inProgress = 0;

  /** Resolves to true when the dispatch is started, or refused permanently. */
  async function tryOnce(dispatch: DispatchRef): Promise<boolean> {
    inProgress++;
    try {
      await starter.startDispatch(dispatch);
      setAway(false);
      return true;
    } catch (error) {
      const refused = !(error instanceof TemporalAway);
      if (refused || !away) log.warn({ err: error, dispatchId: dispatch.dispatchId }, 'relay.start_failed');
      if (!refused) setAway(true);
      return refused;
    } finally {
      inProgress--;
    }
  }

  /** Reports every time, not only on a change: an earlier lease of this relay may have reported the opposite. */
  function setAway(now: boolean): void {
    if (stopping.aborted) return;
    away = now;
    onTemporal(now);
  }

  async function takeBack({ dispatchId }: DispatchRef): Promise<boolean> {
    if (stopping.aborted || !mayAct()) return false;
    try {
      const back = await takeBackDispatch(db, relayId, dispatchId);
      if (back) onBack();
      return back;
    } catch (error) {
      log.warn({ err: error, dispatchId }, 'relay.not_taken_back');
      return false;
    }
  }

  return {
    async single(dispatch, mayComeBack) {
      while (!stopping.aborted) {
        if (await tryOnce(dispatch)) return;
        if (mayComeBack && (await takeBack(dispatch))) return;
        await delay(retryMs, undefined, { signal: stopping }).catch(() => undefined);
      }
    },
    async batch(dispatch) {
      // while Temporal is away, one start that takes seconds tests it for all
      if (stopping.aborted || (away && inProgress > 0)) return;
      await tryOnce(dispatch);
    },
    temporalAway: () => away,
  };
}
