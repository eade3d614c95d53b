// The page around the portal, if there is one: what it may say, and what it is told. Only the origins that the server has put into
// this document are listened to and spoken to; the browser shows the document in no other frame.
import { type FrameMessage, type HostMessage, readHostMessage } from '@posthorn/portal/protocol';

const parent = window.parent === window ? null : window.parent;
const origins = (document.querySelector<HTMLMetaElement>('meta[name="frame-origins"]')?.content ?? '').split(' ').filter(Boolean);

/** Of the page around; null: it has not spoken yet. */
let origin: string | null = null;
let isOwed = false;

export const isEmbedded = parent !== null && origins.length > 0;

/** Call it once, before anything else is loaded: the page speaks as soon as the document is there. */
export function listenToHost(obey: (message: HostMessage) => void): void {
  if (!isEmbedded) return;
  addEventListener('message', (event) => {
    if (event.source !== parent || !origins.includes(event.origin)) return;
    const message = readHostMessage(event.data);
    if (!message) return;
    origin = event.origin;
    if (message.posthorn === 'hello') greet();
    obey(message);
  });
}

/** Asks the page for the token of a new link. */
export function askForToken(): void {
  isOwed = true;
  send({ posthorn: 'token-needed' });
}

function greet(): void {
  send({ posthorn: 'ready' });
  sendHeight();
  if (isOwed) send({ posthorn: 'token-needed' });
}

/** Tells the page how high the content is, now and whenever that changes. */
export function followHeight(content: Element): () => void {
  if (!isEmbedded) return () => undefined;
  const observer = new ResizeObserver(sendHeight);
  observer.observe(content);
  return () => observer.disconnect();
}

function sendHeight(): void {
  const content = document.getElementById('root');
  if (content) send({ posthorn: 'height', height: Math.ceil(content.getBoundingClientRect().height) });
}

function send(message: FrameMessage): void {
  if (origin === null) return;
  if (message.posthorn === 'token-needed') isOwed = false;
  parent?.postMessage(message, origin);
}
