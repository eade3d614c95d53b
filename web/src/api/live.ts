// What changes, as it happens: one stream for all listeners of a tab. It is open while somebody listens and the tab is seen, and
// goes on where it was. Changes are handed out once for each frame, the last one of each.
import { type Alert, type ChangedDelivery, type ChangedEndpoint, PosthornProblem } from '@posthorn/client';
import { useEffect, useRef } from 'react';
import { posthorn } from './client.ts';
import { credential } from './credential.ts';

export interface Changes {
  deliveries: ReadonlyMap<string, ChangedDelivery>;
  alerts: ReadonlyMap<string, Alert>;
  /** Which ones somebody, or Posthorn, has made, changed or deleted. */
  endpoints: ReadonlyMap<string, ChangedEndpoint>;
  /** Some changes may be missing: read again what is shown. */
  isReset: boolean;
}

type Listener = (changes: Changes) => void;

/** More than that in one frame is a reset: nobody can show it, and memory stays bounded. */
const mostInFrame = 5_000;
/** A tab that nobody sees keeps its stream for so long. A browser allows six connections to a server of HTTP/1.1. */
const hiddenForMs = 30_000;
/** After what the client does not try again by itself, such as the page of a proxy in place of the stream. */
const againAfterMs = 30_000;

const listeners = new Set<Listener>();
const deliveries = new Map<string, ChangedDelivery>();
const alerts = new Map<string, Alert>();
const endpoints = new Map<string, ChangedEndpoint>();
let isReset = false;
let frame = 0;
let lastId: string | undefined;
let running: AbortController | undefined;
let unsubscribe = () => {};
let hiding: ReturnType<typeof setTimeout> | undefined;
let repeating: ReturnType<typeof setTimeout> | undefined;

export function onChanges(listener: Listener): () => void {
  listeners.add(listener);
  if (listeners.size === 1) {
    document.addEventListener('visibilitychange', look);
    unsubscribe = credential.subscribe(look);
  }
  look();
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    document.removeEventListener('visibilitychange', look);
    unsubscribe();
    stop();
    lastId = undefined;
  };
}

/** Calls back with the changes of each frame while the component is there. */
export function useChanges(listener: Listener): void {
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(() => onChanges((changes) => latest.current(changes)), []);
}

function look(): void {
  clearTimeout(hiding);
  clearTimeout(repeating);
  if (document.hidden) hiding = setTimeout(stop, hiddenForMs);
  else if (!running && listeners.size > 0 && mayRead()) void run();
}

function mayRead(): boolean {
  const signedIn = credential.get();
  if (signedIn.state !== 'signed_in') return false;
  return ['admin', 'deliveries:read'].some((scope) => signedIn.credential.scopes.includes(scope));
}

function stop(): void {
  clearTimeout(hiding);
  clearTimeout(repeating);
  running?.abort();
  running = undefined;
  cancelAnimationFrame(frame);
  frame = 0;
  clear();
}

function clear(): void {
  deliveries.clear();
  alerts.clear();
  endpoints.clear();
}

async function run(): Promise<void> {
  const mine = new AbortController();
  running = mine;
  if (isReset) frame ||= requestAnimationFrame(flush);
  try {
    const options = { signal: mine.signal, ...(lastId !== undefined && { lastEventId: lastId }) };
    for await (const change of posthorn.stream({}, options)) {
      lastId = change.id ?? lastId;
      if (change.kind === 'delivery') deliveries.set(change.data.id, change.data);
      else if (change.kind === 'alert') alerts.set(change.data.id, change.data);
      else if (change.kind === 'endpoint') endpoints.set(change.data.id, change.data);
      else isReset = true;
      frame ||= requestAnimationFrame(flush);
      if (deliveries.size > mostInFrame) forget();
    }
  } catch (error) {
    // it was stopped
    if (running !== mine) return;
    running = undefined;
    if (isForbidden(error)) return;
    if (frame !== 0) {
      cancelAnimationFrame(frame);
      flush();
    }
    // the next one begins anew: what was missed meanwhile the pages read again
    lastId = undefined;
    isReset = true;
    repeating = setTimeout(look, againAfterMs);
  }
}

/** The credential may not read it: pages read again by themselves, only later. */
const isForbidden = (error: unknown) => error instanceof PosthornProblem && (error.status === 401 || error.status === 403);

function forget(): void {
  deliveries.clear();
  isReset = true;
}

function flush(): void {
  frame = 0;
  const changes = { deliveries: new Map(deliveries), alerts: new Map(alerts), endpoints: new Map(endpoints), isReset };
  clear();
  isReset = false;
  for (const listener of listeners) listener(changes);
}
