// Starts the workflows of dispatches, and so knows whether Temporal is there. Whatever becomes of a start, the dispatch row guards its events.
import { setTimeout as delay } from 'node:timers/promises';
import { takeBackDispatch } from '#db/events/dispatches';
import type { Db } from '#db/store/pool';
import type { Logger } from '#runtime/logger';
import { TemporalAway } from '#temporal/link';
import type { DispatchRef, Starter } from '#temporal/starter';

const pauseMs = 1_000;

export interface DispatchStart {
  /** Until it is started or refused, taken back, or this relay stops. */
  single(dispatch: DispatchRef, mayComeBack: boolean): Promise<void>;
  /** Tried once: the sweep starts it later. */
  batch(dispatch: DispatchRef): Promise<void>;
  /** As the last start found it. */
  temporalAway(): boolean;
}

export interface DispatchStartDeps {
  db: Db;
  starter: Starter;
  log: Logger;
  relayId: string;
  /** Aborted when this relay stops. */
  stopping: AbortSignal;
  /** False once this relay must not act any more. */
  mayAct(): boolean;
  onTemporal(away: boolean): void;
  /** The events of a dispatch are in the outbox again. */
  onBack(): void;
}

export function createDispatchStart({ db, starter, log, relayId, stopping, mayAct, onTemporal, onBack }: DispatchStartDeps): DispatchStart {
  let away = false;
  let underWay = 0;

  /** True: started, or refused for good. */
  async function tryOnce(dispatch: DispatchRef): Promise<boolean> {
    underWay++;
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
      underWay--;
    }
  }

  /** Told each time: another term may have found otherwise before. */
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
        await delay(pauseMs, undefined, { signal: stopping }).catch(() => undefined);
      }
    },
    async batch(dispatch) {
      // while Temporal is away one start asks for all, for seconds
      if (stopping.aborted || (away && underWay > 0)) return;
      await tryOnce(dispatch);
    },
    temporalAway: () => away,
  };
}
