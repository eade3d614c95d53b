// A neighbour tenant at a steady rate, measured in pieces while another step of unknown duration
// runs.

import { ask, delivered } from './arrivals.ts';
import { type Figures, figuresOf } from './figures.ts';
import type { Collected, Stream, StreamResult } from './messages.ts';
import type { Stage } from './stage.ts';

export const neighbourRate = 20;
const pieceSeconds = 5;

export interface Piece {
  prefix: string;
  sent: StreamResult;
}

/** Sends these streams concurrently and returns the result of each. */
export async function load(stage: Stage, streams: Stream[]): Promise<Piece[]> {
  const loaded = stage.load.next('done');
  stage.load.give({ origin: stage.origin, apiKey: stage.apiKey, streams });
  const { results } = await loaded;
  return streams.map(({ prefix }, index) => {
    const sent = results[index];
    if (!sent) throw new Error('the load generator returned no result');
    return { prefix, sent };
  });
}

/** Sends piece after piece until `over` settles. The last piece is sent completely. */
export async function sendUntil(stage: Stage, tenant: string, prefix: string, over: Promise<unknown>): Promise<Piece[]> {
  let isOver = false;
  const ending = over.finally(() => {
    isOver = true;
  });
  const pieces: Piece[] = [];
  while (!isOver) {
    const stream = { tenant, prefix: `${prefix}${pieces.length}`, count: pieceSeconds * neighbourRate, ratePerSecond: neighbourRate };
    pieces.push(...(await load(stage, [stream])));
  }
  await ending;
  return pieces;
}

/** The figures of all pieces together, as if they were one stream. */
export async function figuresOfAll(stage: Stage, pieces: readonly Piece[]): Promise<Figures> {
  const collected: Collected[] = [];
  for (const { prefix, sent } of pieces) {
    await delivered(stage, prefix, { wanted: sent.due.length, withinMs: 30_000 });
    collected.push(await ask(stage, prefix, 'collected'));
  }
  const whole = (of: (piece: Piece, index: number) => Iterable<number>) => pieces.flatMap((piece, index) => [...of(piece, index)]);
  let before = 0;
  const ids = pieces.flatMap(({ prefix, sent }, index) => {
    const renumbered = collected[index]?.ids.map((id) => `whole-${before + Number(id.slice(prefix.length + 1))}`) ?? [];
    before += sent.due.length;
    return renumbered;
  });
  const sent: StreamResult = {
    due: Float64Array.from(whole((piece) => piece.sent.due)),
    sent: Float64Array.from(whole((piece) => piece.sent.sent)),
    answered: Float64Array.from(whole((piece) => piece.sent.answered)),
    status: Uint16Array.from(whole((piece) => piece.sent.status)),
  };
  return figuresOf('whole', 1, sent, {
    kind: 'collected',
    ids,
    firstAt: Float64Array.from(whole((_, index) => collected[index]?.firstAt ?? [])),
    deliveredAt: Float64Array.from(whole((_, index) => collected[index]?.deliveredAt ?? [])),
    duplicates: collected.reduce((sum, { duplicates }) => sum + duplicates, 0),
    requests: collected.reduce((sum, { requests }) => sum + requests, 0),
  });
}
